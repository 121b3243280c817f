//go:build unix

package pdf

import (
	"cmp"
	"context"
	"errors"
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

	"github.com/klippa-app/go-pdfium/requests"
	"github.com/stretchr/testify/require"
)

// BenchmarkText reads files with our engine, with that engine alone and with `pdftotext -raw`, each file in turn, so that
// all meet the same machine. It reports the processor time for a page of each, what ours is to the others, and the most memory that one of
// our processes had; a table says the same, for people, and of each file, the worst first. Ours gives the places of the words as well, and
// counts what the caller does with an answer. The files are the real leaflets where they are at hand, else printed ones. In short mode it
// reads one file, once.
func BenchmarkText(b *testing.B) {
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		b.Skip("pdftotext is not installed (package poppler-utils)")
	}
	files, documents := benchFiles(b), childLife
	if testing.Short() {
		files, documents = files[:1], 1
	}
	alone(b, files[0], 1) // the engine is compiled outside of the measurement
	var ours, floor, theirs usage
	var start time.Duration
	each := make([]benchFile, len(files))
	for i, file := range files {
		each[i].name = filepath.Base(file)
	}
	for b.Loop() {
		before := spentBy(b, syscall.RUSAGE_CHILDREN)
		var other usage
		var aside time.Duration
		e := open(b, Options{Workers: 1, Documents: 2 * childLife}) // one child, whose time can be read to the end
		_, err := e.Extract(b.Context(), printed(b, nil, "um"))
		require.NoError(b, err)
		start = e.spent(b)
		for i, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(b, err)
			times := max(1, documents/len(files))
			pages := 0
			for range times {
				from, caller := e.spent(b), spentBy(b, syscall.RUSAGE_SELF)
				doc, err := e.Extract(b.Context(), content)
				require.NoError(b, err)
				pages += len(doc.Pages)
				read := usage{pages: len(doc.Pages), files: 1, cpu: spentBy(b, syscall.RUSAGE_SELF).cpu - caller.cpu}
				ours.add(read)
				read.cpu += e.spent(b) - from
				each[i].ours.add(read)

				process := exec.CommandContext(b.Context(), program, "-raw", "-enc", "UTF-8", file, os.DevNull)
				require.NoError(b, process.Run())
				spent := usageOf(process.ProcessState.SysUsage().(*syscall.Rusage))
				read.cpu, read.peak = spent.cpu, spent.peak
				each[i].theirs.add(read)
				other.add(read)
			}
			cpu, whole := alone(b, file, times)
			floor.add(usage{cpu: cpu, pages: pages, files: times})
			aside += whole
		}
		require.NoError(b, e.Close(b.Context())) // after which the child's time is ours to see
		after := spentBy(b, syscall.RUSAGE_CHILDREN)
		ours.add(usage{cpu: after.cpu - before.cpu - other.cpu - aside, peak: after.peak}) // of a child: the others take less
		theirs.add(other)
	}
	b.ReportMetric(ours.perPage(), "ms-CPU/page")
	b.ReportMetric(floor.perPage(), "ms-CPU/page-engine")
	b.ReportMetric(theirs.perPage(), "ms-CPU/page-pdftotext")
	b.ReportMetric(ours.perPage()/theirs.perPage(), "times-pdftotext")
	b.ReportMetric(floor.perPage()/theirs.perPage(), "times-pdftotext-engine")
	b.ReportMetric(start.Seconds()*1000, "ms-CPU-start")
	b.ReportMetric(ours.peak, "MB-peak")
	b.Log(table(ours, floor, theirs, each))
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

// spentBy is what this process took (RUSAGE_SELF), or its children that have ended (RUSAGE_CHILDREN).
func spentBy(b *testing.B, who int) usage {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(who, &u))
	return usageOf(&u)
}

// readAlone is a program that reads a file (args: its name, how often) with the engine, and does nothing with it: what remains if all of ours
// cost nothing. That is a sandbox for the document, its pages, and their characters. It prints the microseconds of CPU that this took.
func readAlone(args []string) error {
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	o, err := Options{}.withDefaults()
	if err != nil {
		return err
	}
	e, err := openEngine(context.Background(), settings{CacheDir: o.CacheDir, MemoryPages: o.MemoryPages, MaxPages: o.MaxPages})
	if err != nil {
		return err
	}
	defer e.close()
	var before, after syscall.Rusage
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for range times {
		if err == nil {
			err = e.alone(content)
		}
	}
	err = errors.Join(err, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	if _, printed := fmt.Fprintln(os.Stdout, (usageOf(&after).cpu - usageOf(&before).cpu).Microseconds()); err == nil {
		err = printed
	}
	return err
}

// alone reads a document with the engine.
func (e *engine) alone(content []byte) error {
	p, err := e.pool.GetInstance(instanceWait)
	if err != nil {
		return err
	}
	doc, count, err := e.open(p, content)
	if err != nil {
		return err
	}
	for i := range count {
		text, err := p.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}})
		if err != nil {
			return err
		}
		e.direct.characters()
		if _, err = p.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}); err != nil {
			return err
		}
	}
	return errors.Join(e.direct.err, p.Kill())
}

// alone is what the engine takes for a file that is read so many times, and what its process takes with its start.
func alone(b *testing.B, file string, times int) (cpu, whole time.Duration) {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	process := exec.CommandContext(b.Context(), self, "read-alone", file, strconv.Itoa(times))
	process.Env = append(os.Environ(), childEnv()...)
	said, err := process.Output()
	require.NoError(b, err)
	micros, err := strconv.Atoi(strings.TrimSpace(string(said)))
	require.NoError(b, err)
	return time.Duration(micros) * time.Microsecond, usageOf(process.ProcessState.SysUsage().(*syscall.Rusage)).cpu
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

// table shows them side by side.
func table(ours, floor, theirs usage, each []benchFile) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 3, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "\n\tCPU a page\tof pdftotext\tmost memory\tpages\tfiles\t\n")
	for _, row := range []struct {
		name string
		usage
	}{{"drugslm", ours}, {"its engine alone", floor}, {"pdftotext -raw", theirs}} {
		peak := "" // of a process of its own
		if row.peak > 0 {
			peak = fmt.Sprintf("%.0f MB", row.peak)
		}
		_, _ = fmt.Fprintf(w, "%s\t%.2f ms\ttimes %.2f\t%s\t%d\t%d\t\n", row.name, row.perPage(), row.perPage()/theirs.perPage(), peak, row.pages, row.files)
	}
	slices.SortFunc(each, func(a, b benchFile) int { return cmp.Compare(b.times(), a.times()) })
	for _, f := range each {
		if f.ours.cpu > 0 {
			_, _ = fmt.Fprintf(w, "%s\t%.2f ms\ttimes %.2f\t\t%d\t%d\t\n", f.name, f.ours.perPage(), f.times(), f.ours.pages, f.ours.files)
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
