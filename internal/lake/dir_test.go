package lake_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
)

// racerFolder, in the environment, makes the test binary one of the processes of TestCreateAcrossProcesses.
const racerFolder = "DRUGSLM_TEST_RACER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(racerFolder); folder != "" {
		if err := racer(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func dir(t testing.TB) *lake.DirStore {
	t.Helper()
	s, err := lake.Dir(filepath.Join(t.TempDir(), "some", "lake"))
	require.NoError(t, err)
	return s
}

func TestDir(t *testing.T) {
	t.Parallel()
	laketest.Run(t, func(t *testing.T) lake.Store { return dir(t) })
}

const races = 300

// racer creates the same names as its rival, and prints those it won. It starts when its standard input says so.
func racer(folder string) error {
	s, err := lake.Dir(folder)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	for i := range races {
		err := s.Create(context.Background(), fmt.Sprintf("log/%d", i), strings.NewReader("x"))
		if err == nil {
			fmt.Fprintln(os.Stdout, i)
		} else if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func TestCreateAcrossProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var outputs []*bufio.Scanner
	var starts []func()
	var ends []func() error
	for range 2 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), racerFolder+"="+folder)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		scan := bufio.NewScanner(out)
		require.True(t, scan.Scan())
		outputs, ends = append(outputs, scan), append(ends, cmd.Wait)
		starts = append(starts, func() { fmt.Fprintln(in) })
	}
	for _, start := range starts {
		start()
	}
	won := map[string]int{}
	for _, out := range outputs {
		for out.Scan() {
			won[out.Text()]++
		}
	}
	for _, end := range ends {
		require.NoError(t, end())
	}
	require.Len(t, won, races)
	for name, times := range won {
		require.Equal(t, 1, times, name)
	}
}

func TestDirLeavesNoTemporaryFiles(t *testing.T) {
	t.Parallel()
	s := dir(t)
	_, err := s.Put(t.Context(), "a", strings.NewReader("x"))
	require.NoError(t, err)
	require.Error(t, s.Create(t.Context(), "a", strings.NewReader("y")))
	_, err = s.Put(t.Context(), "b", iotest.ErrReader(errors.New("no")))
	require.Error(t, err)
	entries, err := os.ReadDir(s.Root())
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o644), info.Mode().Perm())
}

func TestDirSaysWhatIsWrongWithTheDisk(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "put a: the disk is full: "},
		{syscall.EROFS, "put a: the disk is read-only: "},
		{syscall.EIO, "put a: the disk fails: "},
		{syscall.EACCES, "cannot be written to by this user"},
	}
	for _, tt := range tests {
		// The reader stands in for the disk: what a write returns takes the same way.
		_, err := dir(t).Put(t.Context(), "a", iotest.ErrReader(&fs.PathError{Op: "write", Path: "x", Err: tt.err}))
		require.ErrorContains(t, err, tt.want)
		want := fault.Unavailable
		if errors.Is(tt.err, syscall.ENOSPC) {
			want = fault.Full
		}
		require.Equal(t, want, fault.KindOf(err))
	}
}

func TestDirNeedsAFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := lake.Dir(file)
	require.Error(t, err)
	_, err = lake.Dir(filepath.Join(file, "below"))
	require.Error(t, err)
}

func TestSweepTemp(t *testing.T) {
	t.Parallel()
	s := dir(t)
	_, err := s.Put(t.Context(), "a/whole", strings.NewReader("x"))
	require.NoError(t, err)
	old, young := filepath.Join(s.Root(), "a", lake.TempPrefix+"old"), filepath.Join(s.Root(), "a", lake.TempPrefix+"young")
	for _, f := range []string{old, young} {
		require.NoError(t, os.WriteFile(f, nil, 0o600))
	}
	long := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(old, long, long))
	require.NoError(t, os.Chtimes(filepath.Join(s.Root(), "a", "whole"), long, long))
	swept, err := s.SweepTemp(t.Context(), "a/", time.Hour)
	require.NoError(t, err)
	require.Equal(t, []string{"a/" + lake.TempPrefix + "old"}, swept)
	require.FileExists(t, young)
	require.FileExists(t, filepath.Join(s.Root(), "a", "whole"))
}
