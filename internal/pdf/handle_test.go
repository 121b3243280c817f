package pdf

import (
	"bytes"
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestHandle(t *testing.T) {
	t.Parallel()
	t.Run("runs in a child", handleRunsInChild)
	t.Run("has a deadline", handleHasDeadline)
	t.Run("can be canceled", handleCanBeCanceled)
	t.Run("fails without a handler", handleFailsWithoutHandler)
}

func handleRunsInChild(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MaxText: 1 << 20, MaxPages: 2}, "pdf-serve")
	for _, message := range [][]byte{{}, []byte("a\x00b\xff"), bytes.Repeat([]byte("x"), 20<<20)} {
		got, err := e.Hand(t.Context(), "find it", message)
		require.NoError(t, err)
		require.True(t, bytes.Equal(message, got), "%d bytes", len(message))
	}
	_, err := e.Hand(t.Context(), "find it", bytes.Repeat([]byte("x"), 30<<20))
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.ErrorContains(t, err, "find it: 31457280 bytes of text and places, at most 25298384")

	for message, want := range map[string]string{
		"refuse":  "find it: it is not as it should be",
		"flood":   "find it: makes 33554432 bytes, at most 25298384",
		"panic":   "find it: ended two children: child ended (exit status 2): EOF: panic: out of luck",
		"exhaust": "find it: ended two children: child ended (exit status ",
	} {
		_, err := e.Hand(t.Context(), "find it", []byte(message))
		require.Equal(t, fault.Corrupt, fault.KindOf(err), "%v", err)
		require.ErrorContains(t, err, want)
		got, err := e.Hand(t.Context(), "find it", []byte("and the extractor goes on"))
		require.NoError(t, err)
		require.Equal(t, "and the extractor goes on", string(got))
	}
}

func handleHasDeadline(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, Timeout: 200 * time.Millisecond}, "pdf-serve")
	_, err := e.Hand(t.Context(), "find it", []byte("hang"))
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "find it: took longer than 200ms")
}

// handleCanBeCanceled ends the context while the child is at work: what is under way ends, and the child with it.
func handleCanBeCanceled(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1}, "pdf-serve")
	_, err := e.Hand(t.Context(), "find it", []byte("start"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := e.Hand(ctx, "find it", []byte("hang"))
		ended <- err
	}()
	var pid int
	require.Eventually(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for c := range e.live {
			pid = c.cmd.Process.Pid
		}
		return len(e.slots) == 0 && pid > 0
	}, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	p, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.Error(t, p.Signal(syscall.Signal(0)), "it has ended")
}

func handleFailsWithoutHandler(t *testing.T) {
	t.Parallel()
	require.Equal(t, answer{Reason: "this program has no handler of messages"}, Handler(nil).answer(nil, settings{}))
}
