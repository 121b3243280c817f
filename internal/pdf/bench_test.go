//go:build unix

package pdf

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkText reads files with our engine and with `pdftotext -raw`, each file with one and then with the other, so that
// both meet the same machine. It reports the processor time for a page of both, their ratio, and the most memory that one of
// our processes had; a table says the same, for people, and of each file, the worst first. Ours gives the places of the words as well. The files are the real
// leaflets where they are at hand, else printed ones.
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

	var ours, theirs usage
	each := make([]benchFile, len(files))
	for i, file := range files {
		each[i].name = filepath.Base(file)
	}
	for b.Loop() {
		before := spentByChildren(b)
		var other usage
		e := open(b, Options{Workers: 1, Documents: 2 * childLife}) // one child, whose time can be read to the end
		for i, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(b, err)
			for range max(1, childLife/len(files)) {
				from := e.spent(b)
				doc, err := e.Extract(b.Context(), content)
				require.NoError(b, err)
				read := usage{pages: len(doc.Pages), files: 1}
				ours.add(read)
				read.cpu = e.spent(b) - from
				each[i].ours.add(read)

				process := exec.CommandContext(b.Context(), program, "-raw", "-enc", "UTF-8", file, os.DevNull)
				require.NoError(b, process.Run())
				spent := usageOf(process.ProcessState.SysUsage().(*syscall.Rusage))
				read.cpu, read.peak = spent.cpu, spent.peak
				each[i].theirs.add(read)
				other.add(read)
			}
		}
		require.NoError(b, e.Close(b.Context())) // after which the child's time is ours to see
		after := spentByChildren(b)
		ours.add(usage{cpu: after.cpu - before.cpu - other.cpu, peak: after.peak}) // of a child, which takes more than pdftotext
		theirs.add(other)
	}
	b.ReportMetric(ours.perPage(), "ms-CPU/page")
	b.ReportMetric(theirs.perPage(), "ms-CPU/page-pdftotext")
	b.ReportMetric(ours.perPage()/theirs.perPage(), "times-pdftotext")
	b.ReportMetric(ours.peak, "MB-peak")
	b.Log(table(ours, theirs, each))
}

// childLife is how many documents a child reads before it is replaced: its start, a tenth of a second, is spread over as
// many here as in use.
const childLife = 500

// usage is what programs took for files.
type usage struct {
	cpu          time.Duration
	peak         float64 // MB of the process that had most
	pages, files int
}

func (u *usage) add(more usage) {
	u.cpu, u.peak, u.pages, u.files = u.cpu+more.cpu, max(u.peak, more.peak), u.pages+more.pages, u.files+more.files
}

// perPage is in milliseconds.
func (u usage) perPage() float64 { return u.cpu.Seconds() * 1000 / float64(u.pages) }

// usageOf says what the system counted.
func usageOf(u *syscall.Rusage) usage {
	unit := 1024.0 // kilobytes, but on macOS bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return usage{cpu: time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak: float64(u.Maxrss) * unit / 1e6}
}

// spentByChildren is what the children that have ended took.
func spentByChildren(b *testing.B) usage {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return usageOf(&u)
}

// benchFile is what a file took.
type benchFile struct {
	name         string
	ours, theirs usage
}

func (f benchFile) times() float64 { return f.ours.perPage() / f.theirs.perPage() }

// spent is the time of the child that runs, as far as the system says it while it runs: Linux does, to a hundredth of a second.
func (e *Extractor) spent(b *testing.B) (cpu time.Duration) {
	b.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.live {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
		if err != nil {
			return 0
		}
		_, after, _ := strings.Cut(string(stat), ") ") // the name of the program may have blanks
		fields := strings.Fields(after)
		for _, ticks := range fields[11:13] { // utime and stime, of proc(5)
			n, err := strconv.Atoi(ticks)
			require.NoError(b, err)
			cpu += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return cpu
}

// table shows both side by side.
func table(ours, theirs usage, each []benchFile) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 3, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "\n\tCPU a page\tmost memory\tpages\tfiles\t\n")
	for _, row := range []struct {
		name string
		usage
	}{{"drugslm", ours}, {"pdftotext -raw", theirs}} {
		_, _ = fmt.Fprintf(w, "%s\t%.2f ms\t%.0f MB\t%d\t%d\t\n", row.name, row.perPage(), row.peak, row.pages, row.files)
	}
	_, _ = fmt.Fprintf(w, "times\t%.2f\t%.1f\t\t\t\n", ours.perPage()/theirs.perPage(), ours.peak/theirs.peak)
	slices.SortFunc(each, func(a, b benchFile) int { return cmp.Compare(b.times(), a.times()) })
	for _, f := range each {
		if f.ours.cpu > 0 {
			_, _ = fmt.Fprintf(w, "%s\t%.2f ms\ttimes %.2f\t%d\t%d\t\n", f.name, f.ours.perPage(), f.times(), f.ours.pages, f.ours.files)
		}
	}
	_ = w.Flush() // into memory
	return text.String()
}

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
