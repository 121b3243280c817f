// Package e2e holds the tests that use drugslm as a person does: the built binaries, a real Temporal server, a real
// browser, the simulated portal as a server of its own. They run with DRUGSLM_E2E=1, which `make test` sets; without it
// they are skipped, so that `go test ./...` stays quick.
package e2e
