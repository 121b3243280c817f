//go:build unix

package pdf

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// spentByChildren is the processor time of the children that have ended, and the most memory one of them had, in MB.
func spentByChildren(b *testing.B) (cpu time.Duration, peak float64) {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	unit := 1024.0 // kilobytes, but on macOS bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), float64(u.Maxrss) * unit / 1e6
}

// BenchmarkText reads files with our engine and with `pdftotext -raw`, one after the other in the same run, and reports
// the processor time for a page of both, their ratio, and the most memory that one of our processes had. Ours gives the
// places of the words as well. The files are the real leaflets where they are at hand, else printed ones.
func BenchmarkText(b *testing.B) {
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		b.Skip("pdftotext is not installed (package poppler-utils)")
	}
	files := benchFiles(b)
	warm := open(b, Options{Workers: 1})
	_, err = warm.Extract(b.Context(), printed(b, nil, "um")) // the engine is compiled outside the measurement
	require.NoError(b, err)
	require.NoError(b, warm.Close(b.Context()))

	var ours, theirs time.Duration
	var peak float64
	pages := 0
	for b.Loop() {
		before, _ := spentByChildren(b)
		e := open(b, Options{Workers: 1})
		for _, file := range slices.Repeat(files, rounds) {
			content, err := os.ReadFile(file)
			require.NoError(b, err)
			doc, err := e.Extract(b.Context(), content)
			require.NoError(b, err)
			pages += len(doc.Pages)
		}
		require.NoError(b, e.Close(b.Context())) // after which the child's time is ours to see
		after, most := spentByChildren(b)
		ours, peak = ours+after-before, most
		for _, file := range slices.Repeat(files, rounds) {
			require.NoError(b, exec.CommandContext(b.Context(), program, "-raw", "-enc", "UTF-8", file, os.DevNull).Run())
		}
		end, _ := spentByChildren(b)
		theirs += end - after
	}
	perPage := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(pages) }
	b.ReportMetric(perPage(ours), "ms-CPU/page")
	b.ReportMetric(perPage(theirs), "ms-CPU/page-pdftotext")
	b.ReportMetric(float64(ours)/float64(theirs), "times-pdftotext")
	b.ReportMetric(peak, "MB-peak")
}

// rounds is how often a child reads each file: it serves 500 documents before it is replaced, and its start, a tenth of a second, is
// spread over forty here.
const rounds = 5

// benchFiles are the real leaflets, or one that is printed.
func benchFiles(b *testing.B) []string {
	b.Helper()
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "leaflets", "*.pdf"))
	require.NoError(b, err)
	if len(files) > 0 {
		return files
	}
	pages := make([]string, 20)
	for i := range pages {
		pages[i] = strings.Repeat("Não use este medicamento sem orientação médica. ", 80)
	}
	file := filepath.Join(b.TempDir(), "printed.pdf")
	require.NoError(b, os.WriteFile(file, printed(b, nil, pages...), 0o600))
	return []string{file}
}
