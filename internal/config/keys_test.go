package config_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/docs/docstest"
	"drugslm/internal/config"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestKeysAreComplete(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Flags(flags)
	registered := 1 // --config
	for _, k := range config.Keys() {
		require.NotEmpty(t, k.Help, k.Name)
		require.Regexp(t, `^DRUGSLM_[A-Z_]+$`, k.Env[0])
		if k.Flag != "" {
			f := flags.Lookup(k.Flag)
			require.NotNil(t, f, k.Flag)
			require.Equal(t, k.Default, f.DefValue)
			registered++
		}
	}
	count := 0
	flags.VisitAll(func(*pflag.Flag) { count++ })
	require.Equal(t, registered, count)
	for _, name := range []string{"data", "config", "source-url", "temporal-address", "hub-url", "budget-rps", "log-level"} {
		require.NotNil(t, flags.Lookup(name), name)
	}
}

// TestGenerated holds the tables in docs/configuration.md against the keys; `make generate` rewrites them.
func TestGenerated(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]string{"keys": table(), "schedules": fields()} {
		docstest.Section(t, filepath.Join("..", "..", "docs", "configuration.md"), mark, want, *update)
	}
}

// fields is the table of what a declared schedule holds.
func fields() string {
	var b strings.Builder
	b.WriteString("\n| field | type | default | |\n|---|---|---|---|\n")
	for _, k := range config.ScheduleKeys() {
		typ := k.Type
		if len(k.OneOf) > 0 {
			typ += ": " + strings.Join(k.OneOf, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, typ, code("", k.Default), k.Help)
	}
	return b.String() + "\n"
}

func table() string {
	var b strings.Builder
	b.WriteString("\n| key | variable | flag | type | default | class | |\n|---|---|---|---|---|---|---|\n")
	for _, k := range config.Keys() {
		typ := k.Type
		if len(k.OneOf) > 0 {
			typ += ": " + strings.Join(k.OneOf, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s | %s |\n",
			k.Name, strings.Join(k.Env, "`, `"), code("--", k.Flag), typ, code("", k.Default), k.Class, strings.ReplaceAll(k.Help, "<", `\<`))
	}
	return b.String() + "\n"
}

func code(prefix, s string) string {
	if s == "" {
		return ""
	}
	return "`" + prefix + s + "`"
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()
	t.Run("are marked as such", secretKeysAreMarkedAsSuch)
}

// secretKeysAreMarkedAsSuch wants each key in one of two lists, and those that may hold a secret in a type that
// hides it. A new key fails until somebody has thought about it; what hides one must also be planted in the tests end to end.
func secretKeysAreMarkedAsSuch(t *testing.T) {
	t.Parallel()
	const may = "sources.anvisa.url sources.anvisa.open_data temporal.api_key temporal.ui grid.hub hooks.url hooks.secret hooks.command telemetry.trace_url"
	const never = "data sources.anvisa.listing sources.anvisa.fetch sources.anvisa.user_agent sources.anvisa.contact temporal.address temporal.namespace temporal.tls temporal.tls_ca " +
		"temporal.tls_cert temporal.tls_key grid.browser grid.sessions grid.no_sandbox grid.lease budget.rps budget.circuit worker.queues worker.extract " +
		"worker.deployment worker.build worker.promote document.time document.memory document.pixels document.text ocr.program ocr.language disk.floor disk.run hooks.events hooks.timeout log.level log.format log.run " +
		"automation.mode automation.interval retention.age retention.keep retention.logs retention.interval"
	said := map[string]bool{}
	for _, name := range strings.Fields(may) {
		said[name] = true
	}
	for _, name := range strings.Fields(never) {
		said[name] = false
	}
	for _, k := range config.Keys() {
		hidden, known := said[k.Name]
		require.Truef(t, known, "%s: say in this test whether its value may hold a secret; files of keys are names, not secrets", k.Name)
		require.Equal(t, hidden, k.Hidden, "%s: its type in config.go (Secret, URL, Webhook, Command) hides what may be secret", k.Name)
		delete(said, k.Name)
	}
	require.Empty(t, said, "keys that are no more")
}
