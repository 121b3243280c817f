package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuide holds every block of Go in docs/adding-an-asset.md against the file that the block names, in which it is
// compiled, and mostly run. White space may differ.
func TestGuide(t *testing.T) {
	t.Parallel()
	path := filepath.Join(root, "docs", "adding-an-asset.md")
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```go *([^\n]*)\n(.*?)^```").FindAllStringSubmatch(string(guide), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.NotEmpty(t, block[1], "%s: a block of Go names no file: %s", path, block[2])
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(block[1])))
		require.NoError(t, err, path)
		require.Contains(t, flat(string(source)), flat(block[2]), "%s shows code that is not in %s", path, block[1])
	}
}

// flat is a text without regard to white space.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }
