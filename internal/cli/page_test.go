package cli_test

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	data, pages := t.TempDir(), 0
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		if cmd.Hidden {
			continue
		}
		pages++
		args := append(path(cmd), "--help")
		code, page, stderr := clitest.Run(t, data, args...)
		require.Zero(t, code, "%v: %s", args, stderr)
		for line := range strings.Lines(page) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, "%v: %s", args, line)
		}
		if cmd.Example != "" {
			require.Less(t, strings.Index(page, "\nExamples:"), strings.Index(page, "\nFlags:"), "%v: examples come first", args)
		}
	}
	require.Greater(t, pages, 60)
	for typed, without := range map[string][]string{
		"version": {"--data", "--hub-url", "--temporal-address"}, "status": {"--hub-url", "--temporal-address", "--source-url", "--budget-rps"},
		"completion bash": {"--data", "--output"}, "materialize": {"--hub-url", "--source-url"}, "portal": {"--data", "--config", "--output"},
	} {
		_, page, _ := clitest.Run(t, data, append(strings.Fields(typed), "--help")...)
		for _, flag := range without {
			require.NotContains(t, page, flag+" ", typed)
		}
	}
	_, page, _ := clitest.Run(t, data, "materialize", "--help")
	require.Contains(t, page, "--temporal-address")
	require.Contains(t, page, "--data")
}
