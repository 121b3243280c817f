package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPackages holds that the first sentence of each package says one thing, and that docs/architecture.md names the package.
func TestPackages(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("architecture.md")
	require.NoError(t, err)
	page := string(text)
	comments := packageComments(t, "..")
	require.Greater(t, len(comments), 50, "all packages are found")
	for dir, comment := range comments {
		sentence, _, _ := strings.Cut(strings.Join(strings.Fields(comment), " "), ". ")
		require.NotEmpty(t, sentence, "%s has no package comment", dir)
		assert.NotContains(t, sentence, " and ", "%s: the first sentence of a package comment says what it is for, one thing", dir)
		named := strings.TrimPrefix(dir, "internal/sources/")
		assert.True(t, slices.ContainsFunc([]string{dir, named, filepath.Base(dir)}, func(name string) bool {
			return strings.Contains(page, "`"+name+"`")
		}), "docs/architecture.md does not name %s", dir)
	}
}

// packageComments gives the comment of each package below a folder, tests aside.
func packageComments(t *testing.T, root string) map[string]string {
	t.Helper()
	comments := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"testdata", "node_modules", "deploy", "tools", "bin", "data"}, name)):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		comments[filepath.ToSlash(dir)] += parsed.Doc.Text()
		return err
	})
	require.NoError(t, err)
	return comments
}
