package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestUsageMistakes(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	for _, tt := range []struct{ typed, says string }{
		{"help statsu", "did you mean status?"},
		{"help runs shw", "did you mean show?"},
		{"help nothing-like-it", `starter has no verb "nothing-like-it"`},
		{"completion tcsh", "did you mean bash or fish or zsh?"},
		{"completion bsh", "did you mean bash"},
		{"completion", "SHELL is missing: bash, zsh, fish or powershell"},
		{"launch --assets anvisa/catalog", `no verb "launch": did you mean materialize?`},
		{"launch", "did you mean materialize?"},
		{"--log-level debug statsu --foo", "did you mean status?"},
		{"materialize --select anvisa/catalog", "what is selected is an argument, as in `starter materialize anvisa/catalog`"},
		{"plan anvisa/catalog --partitons 5", "did you mean --partition"},
		{"status --nothing-like-it", "unknown flag: --nothing-like-it (see `starter status --help`)"},
		{"plan", "SELECT is missing: starter plan SELECT..."},
		{"schedule create nightly", "SELECT is missing"},
		{"assets allow-code", "ASSET and VERSION is missing"},
		{"assets allow-code anvisa/extract", "VERSION is missing"},
		{"runs show", "RUN is missing: starter runs show RUN"},
		{"why", "ITEM is missing"},
		{"version now", `starter version takes no argument, and got "now"`},
		{"runs show a b", `"b" is one argument too many: starter runs show RUN`},
		{"runs shw a", "did you mean show?"},
	} {
		code, stdout, stderr := clitest.Run(t, data, strings.Fields(tt.typed)...)
		require.Equal(t, cli.ExitUsage, code, "%s: %s%s", tt.typed, stdout, stderr)
		require.Contains(t, stderr, tt.says, tt.typed)
		require.Empty(t, stdout, tt.typed)
	}
	for _, typed := range []string{"help", "help runs", "help runs show", "completion bash", "completion zsh", "completion fish", "completion powershell"} {
		code, stdout, stderr := clitest.Run(t, data, strings.Fields(typed)...)
		require.Zero(t, code, "%s: %s", typed, stderr)
		require.NotEmpty(t, stdout, typed)
	}
}

// TestAnUnquotedStar types * where the shell puts files in its place.
func TestAnUnquotedStar(t *testing.T) { // not parallel: it changes the working folder
	data := clitest.Empty(t)
	t.Chdir(t.TempDir())
	for _, name := range []string{"README.md", "bin", "data"} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	for _, args := range [][]string{{"plan"}, {"materialize"}, {"status"}, {"backfill", "create"}, {"schedule", "create", "nightly"}} {
		typed := slices.Concat(args, []string{"README.md", "bin", "data"})
		if args[0] == "schedule" {
			typed = append(typed, "--every", "12h")
		}
		code, _, stderr := clitest.Run(t, data, typed...)
		require.Equal(t, cli.ExitUsage, code, stderr)
		require.Equal(t, 1, strings.Count(stderr, "unquoted *"), stderr)
		require.Contains(t, stderr, "quote it, as in `starter "+strings.Join(args[:min(len(args), 2)], " "))
		require.NotContains(t, stderr, "matches no asset")
	}
	code, _, stderr := clitest.Run(t, data, "plan", "README.md")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "matches no asset", "one file of many is a mistake of another kind")
}

func TestBooleans(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	for _, value := range []string{"yes", "no", "on", "off", "true", "false", "True", "NO", "1", "0"} {
		code, _, stderr := clitest.Run(t, data, "plan", "*", "--force="+value)
		require.Zero(t, code, "%s: %s", value, stderr)
	}
	code, _, stderr := clitest.Run(t, data, "plan", "*", "--force=perhaps")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "--force")
	for _, value := range []string{"yes", "no", "on", "off", "true", "false"} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		require.NoError(t, os.WriteFile(file, []byte("temporal: {tls: "+value+"}\n"), 0o600))
		code, _, stderr := clitest.Run(t, data, "status", "--config", file)
		require.Zero(t, code, "%s: %s", value, stderr)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestOutputThatCannotBeWritten runs every verb that prints with nowhere to print to.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	typed := [][]string{{}, {"help"}, {"help", "runs"}, {"version"}, {"completion", "bash"}, {"portal", "--listen", "127.0.0.1:0"}, {"assets", "list"}, {"assets", "show", "anvisa/extract"}}
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		typed = append(typed, append(path(cmd), "--help"))
	}
	for name, args := range map[string][]string{
		"status": nil, "checks": nil, "items": nil, "items show": {"1/professional"}, "why": {"1/professional"}, "plan": {"*"}, "head": {"anvisa/extract"},
		"versions": {"anvisa/extract"}, "audit": nil, "quality": nil, "runs list": nil, "backfill list": nil, "partitions list": nil, "automation list": nil,
		"automation explain": {"anvisa/download"}, "hooks list": nil, "grid status": nil, "budget show": nil, "retention": {"--dry-run"}, "vacuum": {"--dry-run"},
		"sweep": nil, "partitions add": {"maker", "ems"},
	} {
		typed = append(typed, append(strings.Fields(name), args...), append(append(strings.Fields(name), args...), "-o", "json"))
	}
	for _, args := range typed {
		var stderr bytes.Buffer
		code := cli.Run(t.Context(), append(args, "--data", data), full{}, &stderr)
		if code == cli.ExitUsage && strings.Contains(stderr.String(), `partition set "maker" is unknown`) {
			continue // this lineage has no such set
		}
		require.Equal(t, cli.ExitFailed, code, "%v: %s", args, stderr.String())
		require.Equal(t, 1, strings.Count(stderr.String(), "no space left on device"), "%v: %s", args, stderr.String())
	}
}
