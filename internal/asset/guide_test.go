package asset_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGuide holds every block of code in docs/adding-an-asset.md against the example, which is compiled and run.
func TestGuide(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "adding-an-asset.md")
	guide, err := os.ReadFile(path)
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(guide), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.Contains(t, string(example), block[1], "%s shows code that is not in example_test.go", path)
	}
}
