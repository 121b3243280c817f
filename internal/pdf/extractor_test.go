package pdf

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// little passes Check, and is all that the misbehaving children need.
var little = []byte("%PDF-1.4\n%%EOF\n")

func TestChildrenThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		child string
		kind  fault.Kind
		want  []string
	}{
		{"no-start", fault.Unavailable, []string{"start", "no room"}},
		{"hang", fault.Corrupt, []string{"took longer than 50ms"}},
		{"die", fault.Corrupt, []string{"ended two children", "exit status 1", "out of luck"}},
		{"flood", fault.Corrupt, []string{"ended two children", "frame out of bounds"}},
		{"babble", fault.Corrupt, []string{"ended two children", "invalid character"}},
		{"empty", fault.Corrupt, []string{"no pages"}},
	}
	for _, tt := range tests {
		t.Run(tt.child, func(t *testing.T) {
			t.Parallel()
			o := Options{Workers: 1}
			if tt.child == "hang" {
				o.Timeout = 50 * time.Millisecond
			}
			e := open(t, o, tt.child)
			for range 2 { // and the extractor goes on
				_, err := e.Extract(t.Context(), little)
				require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
				for _, want := range tt.want {
					require.ErrorContains(t, err, want)
				}
				require.NotContains(t, err.Error(), "details", "only the first line of what a child says")
			}
		})
	}
}

func TestNoSuchCommand(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Command: []string{filepath.Join(t.TempDir(), "absent")}})
	_, err := e.Extract(t.Context(), little)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}

func TestInnocentDocumentIsTriedAgain(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1}, "die-once", filepath.Join(t.TempDir(), "died"))
	doc, err := e.Extract(t.Context(), little)
	require.NoError(t, err)
	require.Equal(t, "alive", doc.Pages[0].Text)
}

func TestChildThatIsKilledMidDocumentIsReplaced(t *testing.T) {
	t.Parallel()
	number := filepath.Join(t.TempDir(), "pid")
	e := open(t, Options{Workers: 1}, "hang-once", number)
	read := make(chan error, 1)
	var doc Document
	go func() {
		var err error
		doc, err = e.Extract(t.Context(), little)
		read <- err
	}()
	var pid int
	require.Eventually(t, func() bool {
		said, err := os.ReadFile(number)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(said))
		return err == nil
	}, time.Minute, time.Millisecond)
	child, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, child.Kill())
	require.NoError(t, <-read)
	require.Equal(t, "alive", doc.Pages[0].Text)
}

func TestDocumentThatKillsItsChildrenHarmsNoOther(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1}, "die-of-some")
	killer := append(slices.Clone(little), "killer"...)
	for _, content := range [][]byte{little, killer, little, killer, little} {
		_, err := e.Extract(t.Context(), content)
		if len(content) == len(little) {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, fault.Corrupt, fault.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "ended two children")
		require.ErrorContains(t, err, "killed")
	}
}

func TestChildrenAreReusedAndReplaced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, child string
		documents   int
		want        []int // which of the children, in order of appearance, reads each document
	}{
		{"reused", "pid", 0, []int{0, 0, 0, 0}},
		{"replaced after two documents", "pid", 2, []int{0, 0, 1, 1}},
		{"replaced when spent", "spent", 0, []int{0, 1, 2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := open(t, Options{Workers: 1, Documents: tt.documents}, tt.child)
			seen := map[string]int{}
			var got []int
			for range tt.want {
				doc, err := e.Extract(t.Context(), little)
				require.NoError(t, err)
				pid := doc.Pages[0].Text
				if _, known := seen[pid]; !known {
					seen[pid] = len(seen)
				}
				got = append(got, seen[pid])
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestChildKnowsNothingOfOurEnvironment(t *testing.T) {
	t.Setenv("DRUGSLM_LEDGER_PASSWORD", "secret")
	doc, err := open(t, Options{Workers: 1}, "environment").Extract(t.Context(), little)
	require.NoError(t, err)
	for _, variable := range strings.Split(doc.Pages[0].Text, "\n") {
		name, _, _ := strings.Cut(variable, "=")
		require.Contains(t, []string{"GOMAXPROCS", "GOGC", "GOTRACEBACK", "SYSTEMROOT"}, name)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1}, "hang")
	busy, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := e.Extract(busy, little)
		done <- err
	}()
	var waiting context.Context // somebody who waits for the only worker gives up first
	waiting, stop := context.WithCancel(t.Context())
	for len(e.slots) > 0 {
		runtime.Gosched()
	}
	stop()
	_, err := e.Extract(waiting, little)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "wait for a worker")

	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestCloseKillsWhenItCannotWait(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 2}, "hang")
	done := make(chan error, 1)
	go func() {
		_, err := e.Extract(context.Background(), little)
		done <- err
	}()
	for len(e.slots) > 1 {
		runtime.Gosched()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.Close(ended), context.Canceled)
	require.Equal(t, fault.Unavailable, fault.KindOf(<-done))

	require.NoError(t, e.Close(t.Context()), "a second time")
	_, err := e.Extract(t.Context(), little)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "closed")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 2}, "pid")
	var group sync.WaitGroup
	var mu sync.Mutex
	pids := map[string]bool{}
	for range 20 {
		group.Go(func() {
			doc, err := e.Extract(t.Context(), little)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				pids[doc.Pages[0].Text] = true
			}
		})
	}
	group.Wait()
	require.NotEmpty(t, pids)
	require.LessOrEqual(t, len(pids), 2, "no more children than workers")
	for pid := range pids {
		_, err := strconv.Atoi(pid)
		require.NoError(t, err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Workers: -1}, {Timeout: -1}, {MaxText: -1}, {MemoryPages: 1<<16 + 1}, {MaxBytes: 1 << 40}} {
		_, err := Open(o)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%+v", o)
	}
	o, err := Options{}.withDefaults()
	require.NoError(t, err)
	require.Equal(t, runtime.GOMAXPROCS(0), o.Workers)
	require.Equal(t, "pdf-serve", o.Command[1])
	require.Equal(t, filepath.Join("drugslm", "pdfium"), filepath.Join(filepath.Base(filepath.Dir(o.CacheDir)), filepath.Base(o.CacheDir)))
}

func TestServeRefusesWhatIsNoSettings(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.ErrorContains(t, Serve(t.Context(), strings.NewReader(""), &out, nil), "receive settings")
	require.ErrorContains(t, Serve(t.Context(), strings.NewReader("\x00\x00\x00\x01{"), &out, nil), "receive settings")
	require.True(t, errors.Is(Serve(t.Context(), strings.NewReader("\x7f\xff\xff\xff"), &out, nil), errFrame))
	require.Empty(t, out.String())
}
