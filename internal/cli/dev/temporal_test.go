package dev

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// serverScript makes a shell script the Temporal server.
func serverScript(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	t.Setenv("DRUGSLM_TEMPORAL_BIN", path)
	return path
}

func TestTemporalServer(t *testing.T) { // not parallel: it sets the environment
	t.Run("gives the addresses that the server names", func(t *testing.T) {
		serverScript(t, `echo "ready grpc=127.0.0.1:7233 ui=http://127.0.0.1:8233"; cat >/dev/null`)
		s, err := startTemporal(t.Context(), t.TempDir(), 0, 0)
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:7233", s.Address)
		require.Equal(t, "http://127.0.0.1:8233", s.UI)
		require.NoError(t, s.Stop())
	})
	t.Run("says why the server did not start", func(t *testing.T) {
		serverScript(t, `echo "starting" >&2; echo "error: port 7233 is in use" >&2; exit 1`)
		_, err := startTemporal(t.Context(), t.TempDir(), 0, 0)
		require.EqualError(t, err, "start Temporal server: port 7233 is in use")
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	})
	t.Run("says how a server ended that said nothing", func(t *testing.T) {
		path := serverScript(t, `exit 3`)
		_, err := startTemporal(t.Context(), t.TempDir(), 0, 0)
		require.EqualError(t, err, "start Temporal server: "+path+" ended without a word: exit status 3")
	})
	t.Run("can be interrupted while another program runs in its place", func(t *testing.T) {
		serverScript(t, `echo "hello"; cat >/dev/null`)
		ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer stop()
		_, err := startTemporal(ctx, t.TempDir(), 0, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("names the binary that is missing", func(t *testing.T) {
		t.Setenv("DRUGSLM_TEMPORAL_BIN", "")
		_, err := startTemporal(t.Context(), t.TempDir(), 0, 0)
		require.ErrorContains(t, err, "`make build` builds it, DRUGSLM_TEMPORAL_BIN names another")
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	})
}

func TestPortal(t *testing.T) {
	t.Parallel()
	t.Run("refuses an address that is taken", func(t *testing.T) {
		t.Parallel()
		taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, taken.Close()) }()
		flags := portalFlags{}
		flags.Products = 1
		_, err = startPortal(t.Context(), &flags, taken.Addr().String())
		require.ErrorContains(t, err, "choose another address with --listen")
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
	})
	t.Run("refuses faults that it does not know", func(t *testing.T) {
		t.Parallel()
		_, err := startPortal(t.Context(), &portalFlags{faults: "no-such-fault"}, "127.0.0.1:0")
		require.ErrorContains(t, err, "no-such-fault")
	})
}
