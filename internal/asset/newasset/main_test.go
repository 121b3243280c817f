package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is a folder with a source and a package that is made from it.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{
		"internal/sources/anvisa/assets.go": "package anvisa\n\nfunc Assets(d Deps) []*asset.Asset { return nil }\n",
		"internal/sources/anvisa/taken.go":  "package anvisa\n",
		"internal/corpus/leaflets.go":       "package corpus\n\nfunc Assets() []*asset.Asset { return nil }\n",
		"internal/corpus/assets_test.go":    "package corpus_test\n\nfunc Assets() {}\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, file), []byte(text), 0o600))
	}
	return root
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for key, tt := range map[string]struct {
		want result
		has  []string
		err  string
	}{
		"anvisa/maker_names": {
			want: result{"internal/sources/anvisa/maker_names.go", "internal/sources/anvisa/assets.go", "MakerNames(categories)"},
			has:  []string{"package anvisa\n", `const MakerNamesKey asset.Key = "anvisa/maker_names"`, "func MakerNames(categories *asset.Partitions)", "asset.Input[CatalogRow](ctx, run, CatalogKey)"},
		},
		"makers":        {err: `"makers" is no key`},
		"anvisa/Makers": {err: `"anvisa/Makers" is no key`},
		"agency/makers": {err: `assets of the group "agency"`},
		"corpus/makers": {err: "which internal/corpus may not import"},
		"anvisa/taken":  {err: "choose another name"},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			root := repository(t)
			got, err := write(root, key)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			text, err := os.ReadFile(filepath.Join(root, got.File))
			require.NoError(t, err)
			for _, part := range tt.has {
				require.Contains(t, string(text), part)
			}
		})
	}
}
