package cli_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

// looking are the verbs that look at the data folder or change what is in it, with arguments that are needed.
func looking() map[string][]string {
	return map[string][]string{
		"assets allow-code": {"anvisa/extract", "1"}, "audit": {}, "automation explain": {"anvisa/extract"}, "automation list": {},
		"backfill cancel": {"june"}, "backfill limit": {"june", "3"}, "backfill list": {}, "backfill pause": {"june"},
		"backfill priority": {"june", "3"}, "backfill rate": {"june", "3"}, "backfill resume": {"june"}, "backfill retry": {"june"},
		"backfill show": {"june"}, "budget show": {}, "checks": {}, "corpus card": {}, "corpus export": {"out"},
		"diff": {"anvisa/catalog", "1", "2"}, "grid reap": {}, "grid status": {}, "head": {"anvisa/catalog"}, "hooks list": {},
		"hooks retry": {"--all"}, "items": {}, "items list": {}, "items retry": {"1/patient"}, "items show": {"1/patient"},
		"items unwaive": {"1/patient"}, "items view": {"1/patient"}, "items waive": {"1/patient", "--note", "seen"}, "logs": {"materialize-1"},
		"partitions list": {}, "partitions remove": {"maker", "ems"}, "plan": {"*"}, "quality": {}, "resume": {}, "report": {}, "retention": {},
		"rollback": {"anvisa/catalog", "--to", "1"}, "runs cancel": {"materialize-1"}, "runs list": {}, "runs retry": {"materialize-1"}, "runs show": {"materialize-1"}, "runs wait": {"materialize-1"}, "runs watch": {"materialize-1"},
		"schedule backfill": {"nightly", "--from", "2026-01-01"}, "schedule delete": {"nightly"}, "schedule list": {},
		"schedule pause": {"nightly"}, "schedule reconcile": {}, "schedule resume": {"nightly"}, "schedule show": {"nightly"},
		"schedule trigger": {"nightly"}, "status": {}, "sweep": {}, "vacuum": {}, "versions": {"anvisa/catalog"}, "why": {"1/patient"},
	}
}

// elsewhere are the verbs that begin something in a new folder, or need none.
const elsewhere = `assets, assets list, assets show, automation, automation off, automation on, automation pause, automation resume, automation tick, backfill, backfill create,
	budget, budget close, budget open, budget set, corpus, demo, dev, grid, hooks, hooks test, leaflet, leaflet parse, leaflet view, materialize,
	partitions, partitions add, pdf-serve, portal, runs, schedule, schedule create, version, help, completion, completion bash, completion fish,
	completion powershell, completion zsh`

// TestAFolderThatIsNotThere runs every verb that looks, or changes what is there, on a folder that was mistyped.
func TestAFolderThatIsNotThere(t *testing.T) {
	t.Parallel()
	args := looking()
	other := make(map[string]bool)
	for name := range strings.SplitSeq(elsewhere, ",") {
		other[strings.TrimSpace(name)] = true
	}
	folder := t.TempDir()
	there := filepath.Join(folder, "there")
	require.NoError(t, os.Mkdir(there, 0o700))
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		name := strings.Join(path(cmd), " ")
		given, looks := args[name]
		if !cmd.Runnable() || name == "" || !looks {
			require.True(t, name == "" || other[name] || !cmd.Runnable(), "%q is in none of the two lists", name)
			continue
		}
		delete(args, name)
		for data, says := range map[string]string{filepath.Join(folder, "typo"): "there is no data folder ", there: "there is no ledger in the data folder "} {
			code, stdout, stderr := clitest.Run(t, data, append(strings.Fields(name), given...)...)
			require.Equal(t, cli.ExitUsage, code, "%s: %s%s", name, stdout, stderr)
			require.Contains(t, stderr, says+data, name)
			require.Empty(t, stdout, name)
		}
		entries, err := filepath.Glob(filepath.Join(folder, "*"))
		require.NoError(t, err)
		require.Equal(t, []string{there}, entries, "%s makes nothing", name)
		entries, err = filepath.Glob(filepath.Join(there, "*"))
		require.NoError(t, err)
		require.Empty(t, entries, "%s makes nothing", name)
	}
	require.Empty(t, args, "these are no verbs")
}

// TestLookingChangesNothing runs the verbs that only look on a folder with data, and holds every byte of it.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	before := contents(t, data)
	for _, args := range [][]string{
		{"status"}, {"checks"}, {"items"}, {"items", "list"}, {"items", "show", "1/professional"}, {"items", "view", "1/professional", "--out", filepath.Join(t.TempDir(), "out.html")},
		{"why", "1/professional"}, {"plan", "*"}, {"head", "anvisa/extract"}, {"versions", "anvisa/extract"}, {"audit"}, {"quality"},
		{"runs", "list"}, {"backfill", "list"}, {"partitions", "list"}, {"automation", "list"}, {"automation", "explain", "anvisa/download"}, {"hooks", "list"},
		{"grid", "status"}, {"grid", "reap", "--dry-run"}, {"budget", "show"}, {"retention", "--dry-run"}, {"vacuum", "--dry-run"}, {"rollback", "anvisa/extract", "--to", "0", "--dry-run"},
	} {
		code, stdout, stderr := clitest.Run(t, data, args...)
		require.NotContains(t, stderr, "for reading only", args)
		require.LessOrEqual(t, code, 1, "%v: %s%s", args, stdout, stderr)
		require.Equal(t, before, contents(t, data), args)
	}
}

// contents are the files of a folder with what they hold.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	}))
	return found
}
