package ocr

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// fake gives a Tesseract that misbehaves: the script in testdata, under the name that says how.
func fake(t *testing.T, name string, o Options) *Tesseract {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh")
	}
	script, err := filepath.Abs(filepath.Join("testdata", "fake.sh"))
	require.NoError(t, err)
	o.Program = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.Symlink(script, o.Program))
	tesseract, err := New(o)
	require.NoError(t, err)
	return tesseract
}

func TestTesseract(t *testing.T) {
	t.Run("reports programs that fail", tesseractReportsProgramsThatFail)
	t.Run("starts a killed program again", tesseractStartsKilledProgramAgain)
	t.Run("bounds the program", tesseractBoundsProgram)
	t.Run("passes the right arguments", tesseractPassesRightArguments)
	t.Run("turns doubtful pages", tesseractTurnsDoubtfulPages)
	t.Run("shares the time among attempts", tesseractSharesTimeAmongAttempts)
	t.Run("says what to install when missing", tesseractSaysWhatToInstallWhenMissing)
}

func tesseractReportsProgramsThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		kind fault.Kind
		want string
	}{
		{"hang", fault.Corrupt, "took longer than 300ms"},
		{"hang-unread", fault.Corrupt, "took longer than 300ms"},
		{"die", fault.Corrupt, "Tesseract died: exit status 3: out of luck"},
		{"killed", fault.Corrupt, "Tesseract died: signal: killed"},
		{"flood", fault.Corrupt, "more than 10000 bytes of output"},
		{"garbage", fault.Corrupt, "not the table that Tesseract writes: not UTF-8"},
		{"headless", fault.Corrupt, "it has no head"},
		{"short", fault.Corrupt, "a word with 3 columns"},
		{"nowhere", fault.Corrupt, `place "x"`},
		{"sure", fault.Corrupt, `confidence "NaN"`},
		{"stranger", fault.Invalid, "is not Tesseract"},
		{"broken", fault.Invalid, "exit status 127: cannot open libtesseract.so.5"},
		{"foreign", fault.Invalid, "Tesseract 5.9.9 has no data for por (it has eng, osd): install tesseract-ocr-por, or set ocr.language"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{MaxText: 10_000}
			if strings.HasPrefix(tt.name, "hang") {
				o.Timeout = 300 * time.Millisecond
			}
			tesseract := fake(t, tt.name, o)
			image := make([]byte, 1<<20) // more than a pipe takes
			for range 2 {
				_, err := tesseract.Recognize(t.Context(), image, 300)
				require.ErrorContains(t, err, tt.want)
				require.Equal(t, tt.kind, fault.KindOf(err))
				require.NotContains(t, err.Error(), "details", "only the first line of what it says")
			}
		})
	}
}

// A Tesseract that is killed in the middle of a page is started again, and the page read.
func tesseractStartsKilledProgramAgain(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("finds processes by /proc")
	}
	tesseract := fake(t, "hang-unread", Options{})
	program := tesseract.options.Program
	read := make(chan error, 1)
	var page Page
	go func() {
		var err error
		page, err = tesseract.Recognize(t.Context(), make([]byte, 1<<20), 300)
		read <- err
	}()
	running := func() int { // the one whose environment names this program
		children, err := filepath.Glob("/proc/[0-9]*/stat")
		require.NoError(t, err)
		for _, file := range children {
			stat, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			environ, err := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
			if err == nil && strings.Contains(string(stat), "(sleep)") && strings.Contains(string(environ), "HUNG="+program) {
				pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
				require.NoError(t, err)
				return pid
			}
		}
		return 0
	}
	pid := 0
	require.Eventually(t, func() bool { pid = running(); return pid > 0 }, time.Minute, time.Millisecond)
	require.NoError(t, os.Remove(program))
	good, err := filepath.Abs(filepath.Join("testdata", "good.sh"))
	require.NoError(t, err)
	require.NoError(t, os.Symlink(good, program))
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.NoError(t, <-read)
	require.Equal(t, []string{"lido"}, page.Lines)
}

func tesseractBoundsProgram(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("limits of processes are Linux's")
	}
	_, err := fake(t, "writes", Options{}).Recognize(t.Context(), nil, 300)
	require.Error(t, err)
	found, err := filepath.Glob("/tmp/ocr-was-here.*")
	require.NoError(t, err)
	for _, file := range found { // one is there, and empty: what is forbidden is to write
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Zero(t, info.Size())
		require.NoError(t, os.Remove(file))
	}
	_, err = fake(t, "greedy", Options{Memory: 64 << 20, Timeout: 20 * time.Second}).Recognize(t.Context(), nil, 300)
	require.ErrorContains(t, err, "Tesseract died", "of its memory, not of its time")
}

func tesseractPassesRightArguments(t *testing.T) {
	t.Setenv("DRUGSLM_LEDGER_PASSWORD", "secret")
	page, err := fake(t, "environment", Options{}).Recognize(t.Context(), []byte("x"), 300)
	require.NoError(t, err)
	for _, variable := range page.Words {
		name, _, _ := strings.Cut(variable.Text, "=")
		require.Contains(t, []string{"OMP_THREAD_LIMIT", "LC_ALL", "TESSDATA_PREFIX", "PWD", "SHLVL", "_", "OLDPWD"}, name, "the shell's own aside")
	}
	require.Contains(t, page.Lines[0], "OMP_THREAD_LIMIT=1")
	page, err = fake(t, "arguments", Options{Language: "por"}).Recognize(t.Context(), []byte("x"), 299.5)
	require.NoError(t, err)
	require.Equal(t, []string{"stdin stdout -l por --dpi 299 --psm 3 -c tessedit_create_tsv=1"}, page.Lines)
}

func tesseractTurnsDoubtfulPages(t *testing.T) {
	t.Parallel()
	page, err := fake(t, "doubtful", Options{}).Recognize(t.Context(), []byte("x"), 300)
	require.NoError(t, err)
	require.InDelta(t, 0.8, page.Confidence, 1e-9, "what is surer counts")
}

// All tries of an image share its time: one that dies late leaves the next what is left.
func tesseractSharesTimeAmongAttempts(t *testing.T) {
	t.Parallel()
	tesseract := fake(t, "tries", Options{Timeout: time.Second})
	_, err := tesseract.Recognize(t.Context(), []byte("x"), 300)
	require.ErrorContains(t, err, "took longer than 1s")
	_, tried := os.Stat(tesseract.options.Program + ".tried")
	require.NoError(t, tried)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // as that of a document's budget
	defer cancel()
	_, err = fake(t, "hang", Options{}).Recognize(ctx, []byte("x"), 300)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func tesseractSaysWhatToInstallWhenMissing(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "tesseract")
	tesseract, err := New(Options{Program: absent})
	require.NoError(t, err, "that it is not there is an error only where it is needed")
	_, err = tesseract.Version(t.Context())
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "Tesseract is not installed")
	require.ErrorContains(t, err, "install the packages tesseract-ocr and tesseract-ocr-por, or set ocr.program")

	script, err := filepath.Abs(filepath.Join("testdata", "fake.sh"))
	require.NoError(t, err)
	require.NoError(t, os.Symlink(script, absent))
	version, err := tesseract.Version(t.Context())
	require.NoError(t, err, "installed later")
	require.Equal(t, "5.9.9", version)
	require.NoError(t, os.Remove(absent))
	version, err = tesseract.Version(t.Context())
	require.NoError(t, err, "asked once")
	require.Equal(t, "5.9.9", version)
	_, err = tesseract.Recognize(t.Context(), nil, 300)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "gone since: %v", err)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Language: "--help"}, {Language: "por+"}, {Language: "../por"}, {Workers: -1}, {Timeout: -1}, {MaxText: -1}} {
		_, err := New(o)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%+v", o)
	}
	_, err := New(Options{Language: "por+eng"})
	require.NoError(t, err)
	tesseract, err := New(Options{})
	require.NoError(t, err)
	_, err = tesseract.Recognize(t.Context(), nil, 0)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestCancel(t *testing.T) {
	t.Parallel()
	tesseract := fake(t, "hang", Options{Workers: 1})
	_, err := tesseract.Version(t.Context())
	require.NoError(t, err)
	busy, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := tesseract.Recognize(busy, nil, 300)
		done <- err
	}()
	require.Eventually(t, func() bool { return len(tesseract.slots) == 1 }, time.Minute, time.Millisecond)
	waiting, stop := context.WithCancel(t.Context())
	stop()
	_, err = tesseract.Recognize(waiting, nil, 300)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "wait for a worker")
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

const table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
	"1\t1\t0\t0\t0\t0\t0\t0\t2480\t3507\t-1\t\n" +
	"4\t1\t1\t1\t1\t0\t133\t133\t1050\t44\t-1\t\n" +
	"5\t1\t1\t1\t1\t1\t150\t300\t75\t30\t96\tNão\n" +
	"5\t1\t1\t1\t1\t2\t300\t300\t75\t30\t60\tuse\n" +
	"5\t1\t1\t1\t1\t3\t400\t300\t75\t30\t95\t \n" +
	"5\t1\t1\t1\t2\t1\t150\t360\t75\t30\t90\teste\n" +
	"5\t1\t2\t1\t1\t1\t150\t420\t75\t30\t90\tdois\n"

func TestParse(t *testing.T) {
	t.Parallel()
	page, err := parse([]byte(table), 300)
	require.NoError(t, err)
	require.Equal(t, []string{"Não use", "este", "dois"}, page.Lines)
	require.Len(t, page.Words, 4, "a speck is no word")
	require.Equal(t, Word{Text: "Não", Line: 0, Box: Box{36, 72, 54, 79.2}, Confidence: 0.96}, page.Words[0])
	require.Equal(t, []int{0, 0, 1, 2}, []int{page.Words[0].Line, page.Words[1].Line, page.Words[2].Line, page.Words[3].Line})
	require.InDelta(t, (3*0.96+3*0.6+4*0.9+4*0.9)/14, page.Confidence, 1e-9)

	empty, err := parse([]byte(table[:strings.Index(table, "\n")+1]), 300)
	require.NoError(t, err)
	require.Zero(t, empty)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("level\tpage_num\t\n5\t1\n"))
	f.Add([]byte("level\tpage_num\t\n5\t1\t1\t1\t1\t1\t1\t1\t1\t1\t90\ta\tb\x00\u2028c\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		page, err := parse(out, 300)
		if err != nil {
			return
		}
		require.True(t, page.Confidence >= 0 && page.Confidence <= 1)
		words := make([]string, len(page.Lines))
		for _, w := range page.Words {
			require.NotEmpty(t, w.Text)
			require.NotContains(t, w.Text, "\n")
			if words[w.Line] != "" {
				words[w.Line] += " "
			}
			words[w.Line] += w.Text
		}
		require.Equal(t, page.Lines, append([]string(nil), words...))
	})
}
