package docstest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/docs/docstest"
)

func TestDifference(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ have, want, diff string }{
		"equal":                    {"a\nb\n", "a\nb\n", ""},
		"a line more":              {"a\nb\nd\n", "a\nb\nc\nd\n", "  b\n+ c\n  d\n"},
		"a line less":              {"a\nb\nc\n", "a\nc\n", "  a\n- b\n  c\n"},
		"a line changed":           {"a\nb\nc\n", "a\nB\nc\n", "  a\n- b\n+ B\n  c\n"},
		"two places":               {"a\nb\nc\nd\n", "A\nb\nc\nD\n", "- a\n+ A\n  b\n  c\n- d\n+ D\n  \n"},
		"nothing was there":        {"", "a\n", "+ a\n  \n"},
		"no end of line":           {"a", "b", "- a\n+ b\n"},
		"the same lines elsewhere": {"a\nb\nc\n", "b\nc\na\n", "- a\n  b\n  c\n+ a\n  \n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.diff, docstest.Difference(tt.have, tt.want))
		})
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	page, picture := filepath.Join(t.TempDir(), "page.md"), filepath.Join(t.TempDir(), "picture.svg")
	require.NoError(t, os.WriteFile(page, []byte("before\n<!-- list: begin -->\nold\n<!-- list: end -->\nafter\n"), 0o600))
	docstest.Section(t, page, "list", "new\n", true)
	docstest.Section(t, page, "list", "new\n", false)
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "before\n<!-- list: begin -->\nnew\n<!-- list: end -->\nafter\n", string(text))
	docstest.File(t, picture, "<svg/>", true)
	docstest.File(t, picture, "<svg/>", false)
}
