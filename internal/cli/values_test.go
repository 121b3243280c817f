package cli_test

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

// TestValuesOfTheWrongType gives every flag of every verb values that its type does not have: numbers below zero, what is no
// number, a duration without a unit.
func TestValuesOfTheWrongType(t *testing.T) {
	t.Parallel()
	count := []string{"-1", "-9223372036854775808", "9223372036854775808", "1.5", "1e3", "NaN", "many", "0x"}
	bad := map[string][]string{
		"int": count, "int64": count, "uint64": {"-1", "1.5", "NaN", "many"}, "float64": {"-1", "NaN", "Inf", "-Inf", "1e999", "many", "1,5"},
		"duration": {"5", "-1h", "-1ns", "1d", "yesterday", "9999999999h"}, "bool": {"perhaps", "2", "ja"},
	}
	data, flags := t.TempDir(), 0
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			for _, value := range bad[f.Value.Type()] {
				if value == f.DefValue {
					continue // it is what the flag has by itself
				}
				flags++
				args := append(path(cmd), "--"+f.Name+"="+value)
				code, stdout, stderr := clitest.Run(t, data, args...)
				require.Equal(t, cli.ExitUsage, code, "%q: %s%s", args, stdout, stderr)
				require.Contains(t, stderr, "--"+f.Name, "%q", args)
				require.Empty(t, stdout, "%q", args)
			}
		})
	}
	require.Greater(t, flags, 400)
}

// TestValuesThatNoNameHas gives each text flag, and each argument, of the verbs that take names values that hold what a
// terminal obeys, and thousands of characters.
func TestValuesThatNoNameHas(t *testing.T) {
	t.Parallel()
	data, given := namedFolder(t), offline()
	for verb, args := range serving() {
		given[verb] = args
	}
	hostile := []string{"\x1b[31mx\x1b]0;y\a\nERROR: z", "a\x00b", strings.Repeat("x", 5000)}
	check := func(args ...string) {
		code, stdout, stderr := clitest.Run(t, data, append(args, "--temporal-address", "127.0.0.1:1")...)
		shown := strings.Join(args, " ")
		shown = shown[:min(len(shown), 200)]
		require.Contains(t, []int{cli.ExitDone, cli.ExitFailed, cli.ExitUsage}, code, "%q", shown)
		require.Less(t, len(stderr), 8000, "%q: the error is not as long as what was typed", shown)
		for _, raw := range []string{"\x1b", "\x00", "\a", "\nERROR"} {
			require.NotContains(t, stdout+stderr, raw, "%q", shown)
		}
	}
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		verb := strings.Join(path(cmd), " ")
		args, known := given[verb]
		if !known || verb == "items view" { // which would write a file of that name
			continue
		}
		for _, value := range hostile {
			if len(args) > 0 && !strings.HasPrefix(args, "-") {
				check(append(append(strings.Fields(verb), value), strings.Fields(args)[1:]...)...)
			}
			cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
				if kind := f.Value.Type(); (strings.HasPrefix(kind, "string")) && f.Annotations == nil {
					check(append(append(strings.Fields(verb), strings.Fields(args)...), "--"+f.Name+"="+value)...)
				}
			})
		}
	}
	code, _, stderr := clitest.Run(t, data, "status", "-o", "jsn")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, `--output is "jsn"; nearest: json; known: text, json`)
}
