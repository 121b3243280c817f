// Package config is what a user can set, as one struct. [Load] fills it from flags, environment, file and defaults, in that
// order of precedence, and validates it once: every mistake is reported at once.
//
// It alone reads configuration; other packages get their own small Options from the commands. A [Config] is a plain
// value: copy it and read it from anywhere. Printing it shows no secret.
//
// A key is a path such as "budget.rps". Its variable is the path in capitals with DRUGSLM_ before it and _ for the
// dots: DRUGSLM_BUDGET_RPS. HUB_URL stands for DRUGSLM_GRID_HUB, as Selenium's users know it. An empty variable
// counts as unset. In the file the keys are nested:
//
//	budget:
//	  rps: 2
//	worker:
//	  queues: [orchestrate, browser]
//
// [Keys] lists all keys. docs/configuration.md is made from it.
//
// Temporal's API key and the key of the hooks are read from the environment only. The hub's URL may hold a password, which is printed as xxxxx.
// OTEL_* variables are no part of this package: package telemetry reads them.
package config
