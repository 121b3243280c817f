package grid_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func nothing(context.Context, *grid.Session) error { return nil }

// A worker outlives its chromedriver: what runs on it fails, and the next lease has a new one.
func TestKilledDriverIsReplaced(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{Sessions: 2, NoSandbox: true})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.With(t.Context(), nothing))
		signalDriver(t, temp, syscall.SIGKILL)
	}
	require.NoError(t, p.With(t.Context(), nothing))
	require.Equal(t, 3, p.Stats().Restarts)
	require.Equal(t, 1, p.Stats().Live)
	err = p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
		signalDriver(t, temp, syscall.SIGKILL)
		return s.Eval(ctx, "return 1", nil)
	})
	require.Equal(t, fault.Session, fault.KindOf(err), "%v", err)
	require.NoError(t, p.With(t.Context(), nothing))
	require.NoError(t, p.Close(t.Context()))
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 0 }, time.Minute, 50*time.Millisecond)
	requireEmpty(t, temp)
}

func TestKilledDriverTakesItsBrowsersAlong(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{Sessions: 1, NoSandbox: true})
	require.NoError(t, err)
	_ = p.With(t.Context(), func(context.Context, *grid.Session) error {
		for _, browser := range programs(temp, "chromium", "chrome") {
			require.NoError(t, syscall.Kill(browser, syscall.SIGSTOP), "one that hangs does not notice that its driver is gone")
		}
		signalDriver(t, temp, syscall.SIGKILL)
		return nil
	})
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 0 }, time.Minute, 50*time.Millisecond, "without any further use of the pool")
	require.NoError(t, p.Close(t.Context()))
}

func TestHungDriverIsReplaced(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{Sessions: 1, NoSandbox: true})
	require.NoError(t, err)
	err = p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
		signalDriver(t, temp, syscall.SIGSTOP)
		start := time.Now()
		err := s.Eval(ctx, "return 1", nil)
		require.Less(t, time.Since(start), 80*time.Second, "before the command's own limit")
		return err
	})
	require.Equal(t, fault.Session, fault.KindOf(err), "%v", err)
	require.NoError(t, p.With(t.Context(), nothing))
	require.Equal(t, 1, p.Stats().Restarts)
	require.NoError(t, p.Close(t.Context()))
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 0 }, time.Minute, 50*time.Millisecond)
}

// A start that its caller gave up on must not leave a browser that nobody knows.
func TestBrowserOfAnAbandonedStartIsEnded(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{Sessions: 1, NoSandbox: true})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(processesIn(temp)) < 2 && ctx.Err() == nil { // until the browser starts
		}
		cancel()
	}()
	require.ErrorIs(t, p.With(ctx, nothing), context.Canceled)
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 1 }, time.Minute, 50*time.Millisecond, "only the driver runs")
	require.NoError(t, p.Close(t.Context()))
}

// A driver that dies again and again is not started in a loop.
func TestStartsOfADyingDriverAreSpacedOut(t *testing.T) {
	bin, temp := t.TempDir(), shortDir(t)
	starts := filepath.Join(bin, "starts")
	script := "#!/bin/sh\necho >> " + starts + "\n[ -e " + bin + "/broken ] && exit 3\n" +
		"echo 'ChromeDriver was started successfully on port 9.'\nexec sleep 600\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "chromedriver"), []byte(script), 0o700))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", temp)
	_, hub := gridtest.NewTransport()
	p, err := grid.OpenOver(t.Context(), grid.Options{Sessions: 1, MaxUses: 1, NoSandbox: true}, hub)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "broken"), nil, 0o600))
	signalDriver(t, temp, syscall.SIGKILL)
	require.Eventually(t, func() bool { return p.With(t.Context(), nothing) != nil }, time.Minute, time.Millisecond, "once the pool knows")
	waits := 0
	for range 20 {
		err := p.With(t.Context(), nothing)
		require.Equal(t, fault.Offline, fault.KindOf(err), "%v", err)
		if fault.AfterOf(err) > 0 {
			waits++
		}
	}
	require.Positive(t, waits, "says when to come again")
	said, err := os.ReadFile(starts)
	require.NoError(t, err)
	require.Less(t, len(said), 10, "far fewer starts than tries")
	require.NoError(t, p.Close(t.Context()))
}

func TestWithoutAnAnswerACommandEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1, Lease: time.Hour}, over)
		require.NoError(t, err)
		hub.On("POST url", gridtest.Hang())
		start := time.Now()
		err = p.With(t.Context(), func(ctx context.Context, s *grid.Session) error { return s.Open(ctx, "http://site/") })
		require.Equal(t, fault.Session, fault.KindOf(err), "%v", err)
		require.Equal(t, 90*time.Second, time.Since(start), "the longest limit of the browser's, and half a minute")
		require.NoError(t, p.With(t.Context(), nothing))
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestHubThatHangsIsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 1}, over)
		require.NoError(t, err)
		hub.On("GET status", gridtest.Hang())
		start := time.Now()
		require.Equal(t, fault.Offline, fault.KindOf(p.With(t.Context(), nothing)))
		require.Less(t, time.Since(start), 20*time.Second)
		hub.Off("GET status")
		require.NoError(t, p.With(t.Context(), nothing))
		require.NoError(t, p.Close(t.Context()))
	})
}

// A hub that is restarted has forgotten its sessions. While it is gone there is nothing to do but wait.
func TestHubComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1, NoSandbox: true})
	first := b.id(t)
	b.hub.Restart()
	b.hub.On("GET status", gridtest.Drop())
	b.hub.On("GET title", gridtest.Drop())
	b.hub.On("POST session", gridtest.NotCreated("Unable to execute request for an existing session: Failed to execute request"))
	require.Equal(t, fault.Offline, fault.KindOf(b.use(t, nothing)))
	b.hub.Off("GET status")
	require.Equal(t, fault.Offline, fault.KindOf(b.use(t, nothing)), "the hub is back, its node is not")
	b.hub.Off("GET title")
	b.hub.Off("POST session")
	require.NotEqual(t, first, b.id(t))
	require.Len(t, b.hub.Sessions(), 1)
}

func TestHubWithoutNodesIsOffline(t *testing.T) {
	t.Parallel()
	b := setup(t, grid.Options{Sessions: 1, NoSandbox: true})
	b.hub.On("GET status", gridtest.Value(map[string]any{"ready": false, "nodes": []any{map[string]any{"availability": "DOWN"}}}))
	b.hub.On("POST session", gridtest.NotCreated("No nodes support the capabilities in the request"))
	err := b.use(t, nothing)
	require.Equal(t, fault.Offline, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "no node")
	b.hub.On("GET status", gridtest.Value(map[string]any{"ready": false, "nodes": []any{map[string]any{"availability": "UP"}}}))
	require.Equal(t, fault.Unavailable, fault.KindOf(b.use(t, nothing)), "it is up, and has no such browser")
}

func TestClosingDoesNotWaitForAHubThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, over := gridtest.NewTransport()
		p, err := grid.OpenOver(t.Context(), grid.Options{Hub: "http://hub", Sessions: 2}, over)
		require.NoError(t, err)
		require.NoError(t, p.With(t.Context(), func(ctx context.Context, _ *grid.Session) error { return p.With(ctx, nothing) }))
		synctest.Wait()
		hub.On("DELETE ", gridtest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_ = p.Close(ctx)
		require.Equal(t, 2*time.Second, time.Since(start))
		<-time.After(time.Minute) // what was in progress has ended
	})
}

// signalDriver sends a signal to the chromedriver, or what stands for it, below a temporary folder.
func signalDriver(t *testing.T, temp string, signal syscall.Signal) {
	t.Helper()
	drivers := programs(temp, "chromedriver", "sleep")
	require.Len(t, drivers, 1)
	require.NoError(t, syscall.Kill(drivers[0], signal))
	if signal == syscall.SIGKILL {
		require.Eventually(t, func() bool { return len(programs(temp, "chromedriver", "sleep")) == 0 }, time.Minute, 10*time.Millisecond)
	}
}

// programs are the processes below a temporary folder that run one of the programs.
func programs(temp string, names ...string) (found []int) {
	for _, file := range processesIn(temp) {
		dir := filepath.Dir(file)
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		for _, wanted := range names {
			if strings.TrimSpace(string(name)) == wanted {
				pid, _ := strconv.Atoi(filepath.Base(dir))
				found = append(found, pid)
			}
		}
	}
	return found
}
