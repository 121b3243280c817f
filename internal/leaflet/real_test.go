package leaflet_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// real lists what real professional leaflets hold, as read by a person. Their text belongs to its makers and is not kept here.
var real = map[string]struct {
	missing []string // nil: every part is printed with its title
	several bool
}{
	"bula_1747686102131": {missing: []string{"identification"}},
	"bula_1747686119869": {missing: []string{"identification"}},
	"bula_1747686139023": {},
	"bula_1747686210515": {},
	"bula_1747686270885": {several: true},
	"bula_1747686453680": {},
	"bula_1747686503194": {missing: []string{"identification"}},
	"bula_1747686522851": {},
}

// TestRealLeaflets reads real leaflets where they are at hand, with pdftotext, so that this package needs no PDF engine.
func TestRealLeaflets(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed (package poppler-utils)")
	}
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	for name, want := range real {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(shared, "data", "leaflets", name+".pdf")
			if _, err := os.Stat(file); err != nil {
				t.Skipf("no real leaflet: set DRUGSLM_SHARED to the folder of test data (%v)", err)
			}
			text, err := exec.CommandContext(t.Context(), program, "-raw", "-enc", "UTF-8", file, "-").Output()
			require.NoError(t, err)
			pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")

			l := leaflet.Parse(pages)
			requireSound(t, l, pages)
			requireReadable(t, read(pages...))
			require.Equal(t, leaflet.Professional, l.Audience)
			require.Equal(t, want.missing, l.Missing)
			require.Equal(t, want.several, strings.Contains(fmt.Sprint(l.Warnings), "holds 2 leaflets"))
			_, found := section(l, "history")
			require.True(t, found, "table of changes")
			for _, s := range l.Sections {
				if s.Number > 0 {
					require.Greater(t, len(s.Text), 50, s.ID)
				}
			}
		})
	}
}
