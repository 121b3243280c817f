package grid_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func TestDriver(t *testing.T) {
	t.Run("leaves folders in use alone", driverLeavesFoldersInUseAlone)
	t.Run("turns the sandbox off only when configured", driverTurnsSandboxOffOnlyWhenConfigured)
	t.Run("gets no secrets", driverGetsNoSecrets)
	t.Run("has an address without credentials", driverHasAddressWithoutCredentials)
	t.Run("reports a driver that ends at once", driverReportsDriverThatEndsAtOnce)
	t.Run("reports a temporary path that is too long", driverReportsTemporaryPathThatIsTooLong)
	t.Run("leaves no process and no file", driverLeavesNoProcessAndNoFile)
	t.Run("kills a hung browser", driverKillsHungBrowser)
	t.Run("leaves no browser when its owner is killed", driverLeavesNoBrowserWhenItsOwnerIsKilled)
}

func driverLeavesFoldersInUseAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux does a lock end with its holder")
	}
	temp := t.TempDir()
	used, left, foreign := filepath.Join(temp, "drugslm-grid-1"), filepath.Join(temp, "drugslm-grid-2"), filepath.Join(temp, "other")
	for _, folder := range []string{used, left, foreign} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "profile"), 0o700))
	}
	lock, err := grid.LockFolder(used)
	require.NoError(t, err)
	grid.Sweep(temp)
	require.DirExists(t, used)
	require.NoDirExists(t, left)
	require.DirExists(t, foreign)
	require.NoError(t, lock.Close())
	grid.Sweep(temp)
	require.NoDirExists(t, used)
}

func driverTurnsSandboxOffOnlyWhenConfigured(t *testing.T) {
	t.Parallel()
	require.Contains(t, grid.ChromeOptions(grid.Options{NoSandbox: true})["args"], "--no-sandbox")
	require.NotContains(t, grid.ChromeOptions(grid.Options{})["args"], "--no-sandbox")
	err := grid.Options{}.Confined(true)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "DRUGSLM_GRID_NO_SANDBOX=true")
	require.NoError(t, grid.Options{}.Confined(false))
	require.NoError(t, grid.Options{NoSandbox: true}.Confined(true))
	require.NoError(t, grid.Options{Hub: "http://127.0.0.1:4444"}.Confined(true), "the browsers are not ours")
}

// driverGetsNoSecrets has a driver that tells its environment, which its browsers inherit.
func driverGetsNoSecrets(t *testing.T) {
	bin, told := t.TempDir(), filepath.Join(t.TempDir(), "environment")
	script := "#!/bin/sh\nenv > " + told + "\necho 'ChromeDriver was started successfully on port 9.'\nexec sleep 600\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "chromedriver"), []byte(script), 0o700))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", shortDir(t))
	t.Setenv("DRUGSLM_TEMPORAL_API_KEY", "s3cret")
	t.Setenv("DRUGSLM_HOOKS_SECRET", "whsec_s3cret")
	t.Setenv("HUB_URL", "http://me:s3cret@hub")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret")
	t.Setenv("HTTPS_PROXY", "http://me:s3cret@proxy.example.org:3128")
	t.Setenv("DISPLAY", ":9")
	_, hub := gridtest.NewTransport()
	p, err := grid.OpenOver(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0}, hub)
	require.NoError(t, err)
	require.NoError(t, p.Close(context.WithoutCancel(t.Context())))
	environment, err := os.ReadFile(told)
	require.NoError(t, err)
	require.NotContains(t, string(environment), "s3cret")
	for _, want := range []string{"PATH=", "DISPLAY=:9\n", "TMPDIR=", "HTTPS_PROXY=http://proxy.example.org:3128\n"} {
		require.Contains(t, string(environment), want)
	}
}

func driverHasAddressWithoutCredentials(t *testing.T) {
	t.Parallel()
	require.Equal(t, "https://h:1/p", grid.Bare("https://user:secret@h:1/p?token=x#/q?y"))
	require.Equal(t, "(no address)", grid.Bare("http://[secret"))
}

func driverReportsDriverThatEndsAtOnce(t *testing.T) {
	fakeDriver(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	_, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.ErrorContains(t, err, "ended without naming its port")
	requireEmpty(t, temp)
}

func driverReportsTemporaryPathThatIsTooLong(t *testing.T) {
	fakeDriver(t)
	temp := filepath.Join(t.TempDir(), strings.Repeat("x", 60))
	require.NoError(t, os.Mkdir(temp, 0o700))
	t.Setenv("TMPDIR", temp)
	_, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.ErrorContains(t, err, "TMPDIR")
	requireEmpty(t, temp)
}

func driverLeavesNoProcessAndNoFile(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.NoError(t, err)
	require.NoError(t, p.With(t.Context(), func(context.Context, *grid.Session) error { return nil }))
	require.NotEmpty(t, processesIn(temp))
	require.NoError(t, p.Close(t.Context()))
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 0 }, time.Minute, 50*time.Millisecond)
}

func driverKillsHungBrowser(t *testing.T) {
	needBrowser(t)
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	p, err := grid.Open(t.Context(), grid.Options{Sessions: 1, NoSandbox: os.Geteuid() == 0})
	require.NoError(t, err)
	err = p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return s.Eval(ctx, "while (true) {}", nil)
	})
	require.Error(t, err)
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 1 }, time.Minute, 50*time.Millisecond, "only the driver runs")
	require.NoError(t, p.Close(t.Context()))
}

// The owner is this test's own binary, started again and killed in the middle of a lease.
func driverLeavesNoBrowserWhenItsOwnerIsKilled(t *testing.T) {
	needBrowser(t)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	temp := shortDir(t)
	owner := exec.Command(os.Args[0], "-test.run=^TestBeOwner$", "-test.v")
	owner.Env = append(os.Environ(), "TMPDIR="+temp, "GRID_TEST_OWNER=1")
	out, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && !bytes.Contains(lines.Bytes(), []byte("browser runs")) {
	}
	require.Greater(t, len(processesIn(temp)), 3, "the owner, the driver, the browser and its children")
	require.NoError(t, owner.Process.Kill())
	require.Error(t, owner.Wait())
	require.Eventually(t, func() bool { return len(processesIn(temp)) == 0 }, time.Minute, 50*time.Millisecond)
	grid.Sweep(temp)
	requireEmpty(t, temp)
}

func TestBeOwner(t *testing.T) {
	if os.Getenv("GRID_TEST_OWNER") != "1" {
		t.Skip("is run by TestDriver/leaves_no_browser_when_its_owner_is_killed")
	}
	p, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
	require.NoError(t, err)
	_ = p.With(t.Context(), func(ctx context.Context, _ *grid.Session) error {
		_, _ = os.Stdout.WriteString("browser runs\n")
		<-ctx.Done()
		return nil
	})
}

// fakeDriver puts a chromedriver on PATH that ends at once.
func fakeDriver(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "chromedriver"), []byte("#!/bin/sh\nexit 3\n"), 0o700))
	t.Setenv("PATH", bin)
}

// shortDir is a temporary folder with a path short enough for Chromium's sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "grid")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func needBrowser(t *testing.T) {
	t.Helper()
	if os.Getenv("DRUGSLM_E2E") != "1" {
		t.Skip("needs chromedriver and Chromium: make test runs it (DRUGSLM_E2E=1)")
	}
}

func requireEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

// processesIn lists the processes that have temp in their environment as the place of temporary files.
func processesIn(temp string) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		if environ, err := os.ReadFile(file); err == nil && bytes.Contains(environ, []byte("TMPDIR="+temp)) {
			found = append(found, file)
		}
	}
	return found
}
