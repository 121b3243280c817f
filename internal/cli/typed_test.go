package cli_test

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

// verbs are the command and all below it.
func verbs(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, child := range cmd.Commands() {
		all = append(all, verbs(child)...)
	}
	return all
}

// path is a verb as it is typed after the program's name.
func path(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }

// TestEmptyValues gives every flag of every verb an empty value, in both spellings.
func TestEmptyValues(t *testing.T) {
	t.Parallel()
	data, flags := t.TempDir(), 0
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		give := func(f *pflag.Flag) {
			for _, value := range []string{"", " "} {
				flags++
				args := append(path(cmd), "--"+f.Name+"="+value)
				code, stdout, stderr := clitest.Run(t, data, args...)
				require.Equal(t, cli.ExitUsage, code, "%q: %s%s", args, stdout, stderr)
				require.Contains(t, stderr, "--"+f.Name, "%q", args)
				require.NotContains(t, stderr, "unknown flag", "%q", args)
			}
		}
		cmd.LocalFlags().VisitAll(give)
		cmd.InheritedFlags().VisitAll(give)
	}
	require.Greater(t, flags, 500)
}

func TestUnsetShellVariables(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "6")
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"backfill", "create", "anvisa/updates", "--partitions", ""}, `"-p, --partitions" flag: the value is empty`},
		{[]string{"materialize", "anvisa/download", "--partition", "", "--force"}, "the value is empty"},
		{[]string{"materialize", "anvisa/download", "-p", "5", "-p", ""}, "the value is empty"},
		{[]string{"materialize", "anvisa/download", "-p", "5,"}, "value 2 of 2 is empty"},
		{[]string{"plan", "anvisa/download", "-p", ",,"}, "value 1 of 3 is empty"},
		{[]string{"plan", "anvisa/download", "-p", `"",5`}, "value 1 of 2 is empty"},
		{[]string{"materialize", "anvisa/download", "--accept", ""}, "the value is empty"},
		{[]string{"schedule", "create", "n", "anvisa/index", "--cron", ""}, "the value is empty"},
		{[]string{"backfill", "create", "anvisa/updates", "--id", "--wait"}, "its value is missing, the flag --wait comes next"},
		{[]string{"materialize", "anvisa/download", "-p", "-w"}, "its value is missing, the flag -w comes next"},
		{[]string{"materialize", ""}, "argument 1 is empty"},
		{[]string{"materialize", "anvisa/index", "\t"}, "argument 2 is empty"},
		{[]string{"backfill", "cancel", ""}, "argument 1 is empty"},
		{[]string{"why", ""}, "argument 1 is empty"},
		{[]string{""}, "argument 1 is empty"},
		{[]string{"partitions", "add", "maker", "ems", ""}, "argument 3 is empty"},
	} {
		code, stdout, stderr := clitest.Run(t, data, tt.args...)
		require.Equal(t, cli.ExitUsage, code, "%q: %s%s", tt.args, stdout, stderr)
		require.Contains(t, stderr, tt.says, "%q", tt.args)
	}
}
