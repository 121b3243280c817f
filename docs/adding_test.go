package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAddingAnAsset does in a copy of the repository what the guide says: one file, one word, and `make generate`.
// Then the tests of documents and wiring pass there, and nothing else was touched.
func TestAddingAnAsset(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and tests a copy of the repository: left out by -short")
	}
	t.Parallel()
	there := tree{t, t.TempDir()}
	there.copyFrom(root)
	before := there.read()

	said := there.run(true, "make", "-s", "new-asset", "NAME=anvisa/makers")
	m := regexp.MustCompile(`^wrote (\S+)\nadd one word to the list in (\S+), in func Assets: (\S+)\n`).FindStringSubmatch(said)
	require.NotNil(t, m, said)
	file, list, word := m[1], m[2], m[3]
	there.addWord(list, word)

	stale := there.run(false, "go", "test", "-short", "./docs", "-run", "^TestGenerated$")
	for _, part := range []string{"README.md", "getting-started.md", "tables.md", "lineage.svg", "Run: make generate", "+ | `anvisa/makers` |"} {
		require.Contains(t, stale, part, "what is not up to date is shown, with the command that updates it")
	}
	there.run(true, "make", "-s", "generate")
	commands := []string{"./cmd/starter"}
	for _, folder := range []string{"internal/cli/runs", "internal/cli/assets"} { // where the verbs have packages of their own
		if _, err := os.Stat(filepath.Join(there.dir, folder)); err == nil {
			commands = append(commands, "./"+folder)
		}
	}
	tests := "Generated|Guide|Links|Lineage|Plan|Why|Partition|Assets"
	there.run(true, "go", append([]string{"test", "-short", "-run", tests, "./docs"}, commands...)...)
	starter := filepath.Join(t.TempDir(), "starter")
	there.run(true, "go", "build", "-o", starter, "./cmd/starter")
	require.Contains(t, there.run(true, starter, "assets", "list"), "anvisa/makers")

	var touched []string
	after := there.read()
	for name, text := range after {
		if was, known := before[name]; !known || was != text {
			touched = append(touched, name)
		}
	}
	slices.Sort(touched)
	want := []string{"README.md", "docs/getting-started.md", "docs/lineage.svg", "docs/tables.md", file, list}
	slices.Sort(want)
	require.Equal(t, want, touched)
	require.Len(t, after, len(before)+1, "nothing is gone")
}

// tree is a copy of the repository.
type tree struct {
	t   *testing.T
	dir string
}

// copyFrom copies what is written by people: nothing that is built, fetched or produced.
func (c tree) copyFrom(root string) {
	c.t.Helper()
	built := []string{".git", "bin", "data", ".cache", "node_modules"}
	require.NoError(c.t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(built, entry.Name()) && path != root {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch to := filepath.Join(c.dir, name); {
		case entry.IsDir():
			return os.MkdirAll(to, 0o755)
		case !entry.Type().IsRegular():
			return nil
		default:
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(to, text, 0o600)
		}
	}))
}

// read gives every file by name.
func (c tree) read() map[string]string {
	c.t.Helper()
	files := make(map[string]string)
	require.NoError(c.t, filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(c.dir, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return files
}

// run runs a command in the copy, wants it to succeed or to fail, and gives what it said. Whatever it tests needs
// neither server nor browser.
func (c tree) run(succeeds bool, name string, args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), name, args...)
	cmd.Dir = c.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DRUGSLM_") || strings.HasPrefix(v, "MAKE") })
	cmd.Env = append(cmd.Env, "GOFLAGS=-trimpath") // as the Makefile has it, so that the build cache is shared
	said, err := cmd.CombinedOutput()
	require.Equal(c.t, succeeds, err == nil, "%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
	return string(said)
}

// addWord adds a word at the end of the list that func Assets returns.
func (c tree) addWord(file, word string) {
	c.t.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(file))
	text, err := os.ReadFile(path)
	require.NoError(c.t, err)
	end := regexp.MustCompile(`(?s)(func Assets\(.*?return \[\]\*asset\.Asset\{.*?,)(\n\t\})`)
	require.Regexp(c.t, end, string(text))
	added := end.ReplaceAllString(string(text), "$1\n\t\t"+word+",$2")
	require.NoError(c.t, os.WriteFile(path, []byte(added), 0o600))
}
