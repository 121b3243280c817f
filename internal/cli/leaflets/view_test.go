package leaflets

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	t.Run("follows the item", fileNameFollowsItem)
}

func fileNameFollowsItem(t *testing.T) {
	t.Parallel()
	for item, name := range map[string]string{
		"1156882/patient": "1156882-patient.html", "../../etc/passwd": "etc-passwd.html", "": "item.html", "...": "item.html",
		"a\x00b<>": "a-b.html", strings.Repeat("x", 300): strings.Repeat("x", 100) + ".html", "bula.pdf": "bula.pdf.html",
	} {
		require.Equal(t, name, fileName(item))
	}
}
