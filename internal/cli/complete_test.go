package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/complete"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	t.Run("knows every argument and flag", completionKnowsEveryArgumentAndFlag)
	t.Run("offers what the ledger knows", completionOffersWhatLedgerKnows)
	t.Run("without a ledger offers what the graph knows", completionWithoutLedger)
	t.Run("finds the first of many partitions", completionFindsFirstOfManyPartitions)
	t.Run("works in bash", completionWorksInBash)
}

func completionKnowsEveryArgumentAndFlag(t *testing.T) {
	t.Parallel()
	arguments, flags := 0, 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		if !cmd.HasSubCommands() && cmd.Name() != "help" {
			for _, name := range complete.Arguments(cmd) {
				arguments++
				assert.True(t, complete.Known(name), "the argument %s of %s has no completion and is no free text", name, cmd.CommandPath())
			}
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal != "" || f.Name == "help" {
				return
			}
			flags++
			of := cmd
			for of.LocalNonPersistentFlags().Lookup(f.Name) == nil && of.PersistentFlags().Lookup(f.Name) == nil && of.HasParent() {
				of = of.Parent()
			}
			_, has := of.GetFlagCompletionFunc(f.Name)
			assert.True(t, has, "the flag --%s of %s has no completion and is no free text", f.Name, cmd.CommandPath())
		})
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(cli.Tree(io.Discard, io.Discard))
	require.Greater(t, arguments, 30)
	require.Greater(t, flags, 50)
}

// completionData is a folder with two categories, a run and a backfill.
func completionData(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{
		{Key: "10", Label: "Radiofármaco"}, {Key: "2", Label: "Específico"}, {Key: "5", Label: "Genérico"}, {Key: "55", Label: "Produto de Terapia"},
	}))
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "nightly-2026-12-01T03:00:00Z", Workflow: "Materialize", Selection: "*"}))
	require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "by-hand", Workflow: "Materialize", Selection: "*"}))
	require.NoError(t, l.PlanRun(t.Context(), "by-hand", []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "2"}, {Asset: "anvisa/download", Partition: "2"}}))
	require.NoError(t, l.FinishRun(t.Context(), "by-hand", ledger.RunFailed, "no"))
	require.NoError(t, l.Close())
	return data
}

// completions are the words that a shell gets, without the line that says what to do with them.
func completions(t *testing.T, data string, typed ...string) []string {
	t.Helper()
	var stdout bytes.Buffer
	require.Zero(t, cli.Run(t.Context(), append([]string{"__complete", "--data", data}, typed...), &stdout, io.Discard))
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	require.NotEmpty(t, lines)
	require.Regexp(t, `^:\d+$`, lines[len(lines)-1])
	return lines[:len(lines)-1]
}

func completionOffersWhatLedgerKnows(t *testing.T) {
	t.Parallel()
	data := completionData(t)
	for _, tt := range []struct {
		typed []string
		want  []string // how the lines begin
	}{
		{[]string{"status", "anvisa/cat"}, []string{"anvisa/catalog\t"}},
		{[]string{"status", "+anvisa/cat"}, []string{"+anvisa/catalog\t"}},
		{[]string{"plan", "anvisa/index,anvisa/cat"}, []string{"anvisa/index,anvisa/catalog\t"}},
		{[]string{"status", "status:sta"}, []string{"status:stale"}},
		{[]string{"head", "anvisa/cat"}, []string{"anvisa/catalog\t"}},
		{[]string{"status", "anvisa/catalog", "--partition", ""}, []string{"2\tEspecífico", "5\tGenérico", "10\tRadiofármaco", "55\tProduto"}},
		{[]string{"status", "anvisa/catalog", "--partition", "5"}, []string{"5\tGenérico", "55\tProduto"}},
		{[]string{"status", "anvisa/catalog", "-p", "2,1"}, []string{"2,10\tRadio"}},
		{[]string{"status", "anvisa/catalog", "-p", "2..5"}, []string{"2..5\tGen", "2..55\tProd"}},
		{[]string{"materialize", "anvisa/catalog", "--partitions", "Gené"}, []string{"Genérico\t5"}},
		{[]string{"materialize", "anvisa/catalog", "--partitions", "gene"}, []string{"generico"[:4]}},
		{[]string{"backfill", "create", "anvisa/catalog", "--partitions", "Gene\u0301"}, []string{"Gene\u0301rico\t5"}},
		{[]string{"runs", "show", ""}, []string{"by-hand\tfailed, ", "nightly-2026-12-01T03:00:00Z\trunning, "}},
		{[]string{"runs", "cancel", ""}, []string{"nightly-2026-12-01T03:00:00Z\trunning, "}},
		{[]string{"runs", "wait", ""}, []string{"nightly-2026-12-01T03:00:00Z\trunning, "}},
		{[]string{"logs", "by-hand", "--step", "anvisa/d"}, []string{"anvisa/download:2\tinterrupted"}},
		{[]string{"logs", "by-hand", "--level", "w"}, []string{"warn"}},
		{[]string{"schedule", "show", "ni"}, []string{"nightly\tlast run "}},
		{[]string{"materialize", "anvisa/catalog", "--accept", "iden"}, []string{"identified\tanvisa/catalog"}},
		{[]string{"runs", "list", "--state", "f"}, []string{"failed"}},
		{[]string{"status", "--state", "stale,mis"}, []string{"stale,missing"}},
		{[]string{"items", "--kind", "corr"}, []string{"corrupt"}},
		{[]string{"status", "-o", "j"}, []string{"json"}},
		{[]string{"partitions", "remove", "category", "5"}, []string{"5\tGen", "55\tProd"}},
		{[]string{"partitions", "add", "cat"}, []string{"category"}},
		{[]string{"help", "roll"}, []string{"rollback\t"}},
		{[]string{"completion", "z"}, []string{"zsh\t"}},
		{[]string{"items", "retry", ""}, nil},
	} {
		got := completions(t, data, tt.typed...)
		require.Len(t, got, len(tt.want), "%q: %q", tt.typed, got)
		for i, want := range tt.want {
			require.True(t, strings.HasPrefix(got[i], want), "%q: %q", tt.typed, got)
		}
	}
}

func completionWithoutLedger(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "nothing")
	require.Len(t, completions(t, data, "status", "anvisa/cat"), 1)
	require.Empty(t, completions(t, data, "status", "anvisa/catalog", "--partition", ""))
	require.Empty(t, completions(t, data, "runs", "show", ""))
	require.NoFileExists(t, data)
}

func completionFindsFirstOfManyPartitions(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	var all []ledger.Partition
	for i := range 3000 {
		all = append(all, ledger.Partition{Key: fmt.Sprint(i), Label: fmt.Sprint(i)})
	}
	require.NoError(t, l.SavePartitions(t.Context(), "category", all))
	require.NoError(t, l.Close())
	got := completions(t, data, "status", "anvisa/catalog", "--partition", "2")
	require.Len(t, got, 200)
	require.Equal(t, []string{"2", "20", "21"}, got[:3], "in the order of people, short ones first")
	require.Equal(t, []string{"2999"}, completions(t, data, "status", "anvisa/catalog", "--partition", "2999"))
}

// completionWorksInBash has a bash complete a line with the script that the verb prints.
func completionWorksInBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	data := completionData(t)
	folder := t.TempDir()
	code, script, stderr := clitest.Run(t, data, "completion", "bash")
	require.Zero(t, code, stderr)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "completion"), []byte(script), 0o600))
	self, err := os.Executable()
	require.NoError(t, err)
	program := fmt.Sprintf("#!%s\nexec env AS_STARTER=1 %q \"$@\"\n", bash, self)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "starter"), []byte(program), 0o700))
	// What bash-completion would give: the words of the line.
	line := fmt.Sprintf(`_init_completion() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; }
		__ltrim_colon_completions() { :; }
		source %[1]s/completion
		COMP_WORDS=(starter --data %[2]s status anvisa/catalog --partition 5); COMP_CWORD=6; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
		__start_starter 2>/dev/null; printf '%%s\n' "${COMPREPLY[@]}"`, folder, data)
	cmd := exec.CommandContext(t.Context(), bash, "-c", line)
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "55")
	require.NotContains(t, string(out), "10")
}
