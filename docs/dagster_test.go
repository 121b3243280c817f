package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

var assetName = regexp.MustCompile(`\basset\.([A-Z]\w*)`)

// TestComingFromDagster holds the names in docs/coming-from-dagster.md against the program: what is in package asset, and
// every state and last attempt of a partition.
func TestComingFromDagster(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("coming-from-dagster.md")
	require.NoError(t, err)
	page := string(text)
	declared := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, "internal", "asset", "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				declared[d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if named, ok := spec.(*ast.TypeSpec); ok {
						declared[named.Name.Name] = true
					}
				}
			}
		}
	}
	names := assetName.FindAllStringSubmatch(page, -1)
	require.Greater(t, len(names), 10)
	for _, m := range names {
		assert.True(t, declared[m[1]], "package asset has no %s", m[1])
	}
	for _, s := range asset.Statuses() {
		assert.Contains(t, page, "`"+string(s)+"`", "a state, an attempt or a mark of a partition")
	}
}
