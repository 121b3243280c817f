package cli_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// hostile is what a name of the source may hold: orders to a terminal, marks that turn the direction of text, characters
// that nobody sees, and a line that looks like one of ours.
const hostile = "DIPI\x1b]0;owned\a\x1b[2J\u009b31m\u202eANOR\u2066\u200b\ufeff\x7f\r\nerror: forged\u2028\u0085"

func TestVerbs(t *testing.T) {
	t.Parallel()
	t.Run("escape hostile names", verbsEscapeHostileNames)
	t.Run("print through package output", verbsPrintThroughPackageOutput)
}

// verbsEscapeHostileNames fills a ledger with hostile names and runs the verbs over it, as text and as JSON.
func verbsEscapeHostileNames(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	require.NoError(t, l.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: hostile}}))
	of := ledger.Enumeration{Asset: "anvisa/download", Partition: "5", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
		ledger.Item{ID: "1/patient", Label: hostile, Fingerprint: "a"}, ledger.Item{ID: "2/patient", Label: hostile, Fingerprint: "b"},
	)}
	_, err = l.SyncItems(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, l.RecordOutcomes(t.Context(), ledgertest.Token(t, l, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "1/patient", State: ledger.Quarantined, Kind: "layout", Reason: "unknown name " + hostile, Evidence: "raw/anvisa/quarantine/ab/abc.bin"},
	}))
	require.NoError(t, l.Close())
	file := filepath.Join(data, hostile[:4]+"\x1b[2J\nerror: forged.pdf")
	require.NoError(t, os.WriteFile(file, []byte("no PDF"), 0o600))

	shown := 0
	for _, args := range [][]string{
		{"status"}, {"items"}, {"items", "--state", "quarantined"}, {"why", "1/patient", "--asset", "anvisa/download", "-p", "5"},
		{"why", "1/patient"}, {"plan", "anvisa/download", "--partition", "5"}, {"partitions", "list", "category"}, {"partitions", "list"}, {"audit"}, {"assets", "list"},
		{"runs", "list"}, {"runs", "show", hostile}, {"checks"}, {"quality"}, {"automation", "list"}, {"automation", "explain", "anvisa/download"},
		{"plan", hostile}, {"plan", "anvisa/download", "--partition", hostile}, {hostile}, {"status", "--" + hostile}, {"items", "--state", hostile},
		{"versions", "anvisa/download"}, {"head", "anvisa/download"}, {"head", hostile}, {"head", "anvisa/download", "-p", hostile}, {"head", "anvisa/download", "--columns", hostile}, {"items", "view", hostile}, {"status", "-o", hostile}, {"status", "--log-level", hostile}, {"status", "--config", hostile},
		{"leaflet", "parse", file}, {"leaflet", "parse", hostile}, {"backfill", "show", hostile}, {"materialize", "--plan", hostile},
	} {
		for _, form := range [][]string{args, append([]string{"-o", "json"}, args...)} {
			code, stdout, stderr := clitest.Run(t, data, form...)
			requireHarmless(t, stdout, form)
			requireHarmless(t, stderr, form)
			require.LessOrEqual(t, code, 2, "%q", form)
			if strings.Contains(stdout+stderr, "forged") {
				shown++
			}
			if code == 0 && form[0] == "-o" {
				require.Truef(t, json.Valid([]byte(stdout)), "%q: %s", form, stdout)
			}
		}
	}
	require.Greater(t, shown, 30, "the names are shown, made harmless")

	code, stdout, _ := clitest.Run(t, data, "items", "-o", "json")
	require.Zero(t, code)
	var found struct{ Items []api.Item }
	require.NoError(t, json.Unmarshal([]byte(stdout), &found))
	require.Equal(t, hostile, found.Items[0].Label, "JSON says the same")
}

// requireHarmless wants no character that is an order, and no line that a name began.
func requireHarmless(t *testing.T, text string, args []string) {
	t.Helper()
	require.Truef(t, utf8.ValidString(text), "%q", args)
	for _, r := range text {
		require.Truef(t, unicode.IsPrint(r) || r == '\n' || unicode.Is(unicode.Zs, r), "%q: %U in %q", args, r, text)
	}
	for line := range strings.Lines(text) {
		require.Falsef(t, strings.HasPrefix(line, "error: forged"), "%q: %q", args, text)
	}
}

// verbsPrintThroughPackageOutput keeps verbs from writing a value past package output, which keeps it on its line.
func verbsPrintThroughPackageOutput(t *testing.T) {
	t.Parallel()
	past := regexp.MustCompile(`fmt\.Print|fmt\.Fprint(f|ln)?\((w|a\.)|os\.Std(out|err)`)
	allowed := map[string]int{
		"run.go": 0, "root.go": 0, "output/output.go": 4, "command/command.go": 1, // they are that place
		"page.go":    2, // the help, which is all ours
		"version.go": 1, // the child's protocol is no text
	}
	read := 0
	require.NoError(t, filepath.WalkDir(".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "clitest") {
			return err
		}
		code, err := os.ReadFile(file)
		read++
		require.LessOrEqualf(t, len(past.FindAllString(string(code), -1)), allowed[file], "%s", file)
		return err
	}))
	require.Greater(t, read, 30)
}
