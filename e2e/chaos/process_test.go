//go:build linux

package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Process{
		"12 (chromedriver) S 7 12 12 0":     {PID: 12, Parent: 7, State: 'S'},
		"13 (a (strange) name) Z 1 12 12 0": {PID: 13, Parent: 1, State: 'Z'},
		"14 (with\nline and ) R 3) T 2 1 1": {PID: 14, Parent: 2, State: 'T'},
	} {
		got, ok := parseStat([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "12", "12 (x)", "(x) S 1", "x (y) S 1", "12 (x) S y"} {
		_, ok := parseStat([]byte(text))
		require.False(t, ok, text)
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()
	t.Run("is recognized by its command", processIsRecognizedByItsCommand)
	t.Run("has a handler for every kind of disturbance", processHasHandlerForEveryKindOfDisturbance)
}

func processIsRecognizedByItsCommand(t *testing.T) {
	t.Parallel()
	is := func(args ...string) [3]bool {
		p := Process{Args: args}
		return [3]bool{p.IsDriver(), p.IsBrowser(), p.IsPDFChild()}
	}
	require.Equal(t, [3]bool{true, false, false}, is("/usr/bin/chromedriver", "--port=0"))
	require.Equal(t, [3]bool{false, true, false}, is("/usr/lib/chromium/chromium", "--headless"))
	require.Equal(t, [3]bool{}, is("/usr/lib/chromium/chromium", "--type=renderer"))
	require.Equal(t, [3]bool{false, false, true}, is("/x/worker", "pdf-serve"))
	require.Equal(t, [3]bool{}, is())
}

// until waits for what must happen soon.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, time.Minute, 10*time.Millisecond, what)
}

func TestService(t *testing.T) {
	t.Run("is restarted", serviceIsRestarted)
	t.Run("is killed if it does not stop", serviceIsKilledIfItDoesNotStop)
}

// serviceIsRestarted kills a service, finds what it left behind by descent, and stops it.
func serviceIsRestarted(t *testing.T) {
	family, err := NewFamily()
	require.NoError(t, err)
	folder := t.TempDir()
	s := &Supervisor{family: family, logs: folder, timeline: NewTimeline(t.Output()), failed: make(chan error, 1)}
	grandchild := filepath.Join(folder, "grandchild")
	script := `sleep 1000 & echo $! > ` + grandchild + `; trap 'kill $!; exit 0' TERM; echo up; wait`
	v := s.Start("service", func() Command { return Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ()} })
	left := func() int {
		text, err := os.ReadFile(grandchild)
		if err != nil {
			return 0
		}
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return pid
	}
	until(t, "it is up", func() bool { return v.PID() != 0 && left() != 0 })
	first, orphan := v.PID(), left()
	detail, err := killService(v)
	require.NoError(t, err)
	require.Contains(t, detail, strconv.Itoa(first))
	until(t, "it is up again", func() bool { return v.Starts() == 2 && left() != 0 && left() != orphan })
	require.NotEqual(t, first, v.PID())

	until(t, "the orphan is ours", func() bool {
		found, err := family.Orphans()
		return err == nil && len(found) == 1 && found[0].PID == orphan
	})
	require.NoError(t, syscall.Kill(orphan, syscall.SIGKILL))
	until(t, "and is reaped", func() bool {
		_, err := os.Stat("/proc/" + strconv.Itoa(orphan))
		return os.IsNotExist(err) || func() bool { family.Reap(); return false }()
	})
	require.NoError(t, v.Stop(time.Minute))
	require.Zero(t, v.PID())
	require.NoError(t, v.Stop(time.Minute), "once more does no harm")
	log, err := os.ReadFile(filepath.Join(folder, "service.log"))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(log), "\nup\n"))
}

func serviceIsKilledIfItDoesNotStop(t *testing.T) {
	family, err := NewFamily()
	require.NoError(t, err)
	s := &Supervisor{family: family, logs: t.TempDir(), timeline: NewTimeline(t.Output()), failed: make(chan error, 1)}
	ready := make(chan string, 1)
	v := s.Start("deaf", func() Command {
		return Command{Path: "/bin/sh", Args: []string{"-c", `trap '' TERM; echo ready now; while :; do sleep 0.1; done`}, Env: os.Environ(),
			Ready: func(line string) { ready <- line }}
	})
	require.Equal(t, "now", <-ready)
	require.ErrorContains(t, v.Stop(50*time.Millisecond), "did not stop within")
	require.Zero(t, v.PID())
}

func TestAnotherCodeVersion(t *testing.T) {
	t.Parallel()
	source := []byte("x\n\tCodeVersion: \"9\",\ny")
	newer, err := withCodeVersion(source, 1)
	require.NoError(t, err)
	require.Equal(t, "x\n\tCodeVersion: \"10\",\ny", string(newer))
	_, err = withCodeVersion([]byte("x"), 1)
	require.ErrorContains(t, err, "0 code versions")
	root, err := Root(".")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(root, changedSource))
	require.NoError(t, err)
	_, err = withCodeVersion(text, -1)
	require.NoError(t, err, "the asset says its version as we look for it")
	_, err = exec.LookPath("go")
	require.NoError(t, err)
}

func processHasHandlerForEveryKindOfDisturbance(t *testing.T) {
	t.Parallel()
	known := disturbers()
	for _, weighted := range Weights() {
		require.Contains(t, known, weighted.Kind)
		require.NotNil(t, known[weighted.Kind].do)
	}
	require.Len(t, known, len(Weights()))
}
