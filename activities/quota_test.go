package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	t.Run("waits while the disk is full", quotaWaitsWhileDiskIsFull)
	t.Run("stops a run at its limit", quotaStopsRunAtItsLimit)
}

// quotaWaitsWhileDiskIsFull takes away the room before a batch, and gives it back: the step waits, the source is asked
// nothing meanwhile, no attempt is spent, and it continues by itself.
func quotaWaitsWhileDiskIsFull(t *testing.T) {
	t.Parallel()
	w := listed(t, "a one", "b two")
	w.must(w.step(download))
	w.show("a one", "b two", "c three")
	w.must(w.step(catalog))
	w.calls()
	in := w.synced(download, ledger.Missing)
	full := true
	w.acts.Engine.Limits.Room = func() error {
		if !full {
			return nil
		}
		return &fault.Error{Kind: fault.Full, Op: "wait for room", After: 15 * time.Second, Err: errors.New("312 MiB free on /data, floor 1.0 GiB")}
	}
	for range 2 * in.Step.Retry.Attempts { // none of them counts
		_, err := call(w, w.acts.Batch, in)
		told := wantKind(t, fault.Full, err)
		require.False(t, told.NonRetryable())
		require.Equal(t, 15*time.Second, told.NextRetryDelay())
	}
	require.Empty(t, w.calls(), "nothing is asked for what could not be kept")
	found := w.waits()
	require.Len(t, found, 1)
	require.Equal(t, "full", found[0].Kind)
	require.Contains(t, found[0].Reason, "312 MiB free on /data, floor 1.0 GiB")
	for _, listing := range []error{second(call(w, w.acts.Enrol, w.step(download))), second(call(w, w.acts.List, w.step(catalog)))} {
		wantKind(t, fault.Full, listing)
	}

	full = false
	_, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Equal(t, []string{"c three"}, w.calls())
	for _, wait := range w.waits() {
		require.NotEqual(t, in.Run, wait.Run, "it went on")
	}
}

func second[T any](_ T, err error) error { return err }

// quotaStopsRunAtItsLimit counts what a run stores over all its steps; another run has its own.
func quotaStopsRunAtItsLimit(t *testing.T) {
	t.Parallel()
	w := listed(t, "a one")
	first := w.step(download)
	w.must(first)
	stored, err := w.ledger.Stored(t.Context(), first.Run)
	require.NoError(t, err)
	require.Positive(t, stored, "parts are counted")

	w.acts.Engine.Limits.Run = stored
	w.calls()
	w.show("a one", "b two")
	w.must(w.step(catalog))
	in := w.synced(download, ledger.Missing)
	require.NoError(t, w.ledger.AddStored(t.Context(), in.Run, stored))
	_, err = call(w, w.acts.Batch, in)
	told := wantKind(t, fault.Full, err)
	require.False(t, told.NonRetryable())
	require.ErrorContains(t, err, "DRUGSLM_DISK_RUN")
	require.Empty(t, w.calls())
	require.Len(t, w.waits(), 1)

	w.acts.Engine.Limits.Run = 1 << 30 // the workers were started with more
	_, err = call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Empty(t, w.waits())
}
