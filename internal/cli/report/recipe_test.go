//go:build unix

package report_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

// asStarter makes this test's executable the command.
const asStarter = "DRUGSLM_TEST_STARTER"

func TestMain(m *testing.M) {
	if os.Getenv(asStarter) != "" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestRecipe runs the script of docs/recipes.md as it is printed there.
func TestRecipe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/recipes.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)## Did last night work.*?```sh\n(.*?)```").FindSubmatch(page)
	require.Len(t, found, 2)
	script := string(found[1])
	require.LessOrEqual(t, strings.Count(script, "\n"), 10)

	data, bin := t.TempDir(), t.TempDir()
	exe, err := os.Executable()
	require.NoError(t, err)
	shim := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asStarter, exe)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "starter"), []byte(shim), 0o755))
	run := func(folder string) (int, string) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "DRUGSLM_DATA="+folder, "DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:1")
		out, _ := cmd.Output()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	clitest.Categories(t, data, "5")
	code, out := run(data)
	require.Zero(t, code, out)
	require.Equal(t, "Last night worked.\n", out)

	clitest.WithLedger(t, data, func(l *ledger.Ledger) { night(t, l, "night", ledger.AttemptFailed, "lists 6 of 26 products") })
	code, out = run(data)
	require.Equal(t, 1, code)
	require.Contains(t, out, "anvisa/catalog[5]: lists 6 of 26 products")
	require.True(t, strings.HasSuffix(out, "What to do now:\nstarter runs retry night\n"), out)
}
