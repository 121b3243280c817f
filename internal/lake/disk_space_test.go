package lake_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// disk is a file system that loses room as it is looked at.
type disk struct{ total, free, lost uint64 }

func (d *disk) space(string) (total, free uint64, err error) {
	free = d.free
	d.free -= min(d.free, d.lost)
	return d.total, free, nil
}

func TestDiskSpace(t *testing.T) {
	t.Parallel()
	t.Run("reports a full disk", diskSpaceReportsFullDisk)
	t.Run("leaves no partial file", diskSpaceLeavesNoPartialFile)
	t.Run("keeps less free on a small disk", diskSpaceKeepsLessFreeOnSmallDisk)
	t.Run("counts what is stored", diskSpaceCountsWhatIsStored)
}

func diskSpaceReportsFullDisk(t *testing.T) {
	t.Parallel()
	d := &disk{total: 100 << 30, free: 312 << 20}
	s := lake.KeepFreeOver(dir(t), 1<<30, d.space)
	_, err := s.Put(t.Context(), "raw/a", strings.NewReader("x"))
	require.Equal(t, fault.Full, fault.KindOf(err))
	require.True(t, fault.KindOf(err).Waits())
	require.Positive(t, fault.AfterOf(err))
	require.ErrorContains(t, err, "312 MiB free on "+s.Root()+", floor 1.0 GiB")
	require.ErrorIs(t, opened(s, "raw/a"), fs.ErrNotExist)
	require.NoError(t, s.Create(t.Context(), "t/_delta_log/00000000000000000000.json", strings.NewReader("{}")), "what is stored is still shown")

	d.free = 2 << 30
	_, err = s.Put(t.Context(), "raw/a", strings.NewReader("x"))
	require.NoError(t, err, "there is room again")
	require.NoError(t, opened(s, "raw/a"))
}

func opened(s lake.Store, name string) error {
	o, err := s.Open(context.Background(), name)
	if err == nil {
		err = o.Close()
	}
	return err
}

// diskSpaceLeavesNoPartialFile loses room while a file is written.
func diskSpaceLeavesNoPartialFile(t *testing.T) {
	t.Parallel()
	s := lake.KeepFreeOver(dir(t), 1<<30, (&disk{total: 100 << 30, free: 3 << 30, lost: 1 << 30}).space)
	err := s.Create(t.Context(), "raw/a", io.LimitReader(zeros{}, 64<<20))
	require.Equal(t, fault.Full, fault.KindOf(err))
	for info, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		t.Errorf("%s was left", info.Name)
	}
	swept, err := s.SweepTemp(t.Context(), "", 0)
	require.NoError(t, err)
	require.Empty(t, swept)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func diskSpaceKeepsLessFreeOnSmallDisk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		floor       int64
		total, free uint64
		full        bool
	}{
		{lake.AutoFloor, 64 << 20, 4 << 20, false}, {lake.AutoFloor, 64 << 20, 3 << 20, true},
		{lake.AutoFloor, 1 << 40, 2 << 30, false}, {lake.AutoFloor, 1 << 40, 1 << 29, true},
		{0, 1 << 40, 0, false}, {50 << 30, 100 << 30, 49 << 30, true}, {50 << 30, 100 << 30, 50 << 30, false},
	} {
		err := lake.KeepFreeOver(dir(t), tt.floor, (&disk{total: tt.total, free: tt.free}).space).Room()
		require.Equal(t, tt.full, err != nil, "%+v", tt)
	}
	silent := func(string) (uint64, uint64, error) { return 0, 0, errors.New("no such call") }
	require.NoError(t, lake.KeepFreeOver(dir(t), lake.AutoFloor, silent).Room())
	require.NoError(t, dir(t).KeepFree(1).Room(), "a real one")
	require.Error(t, dir(t).KeepFree(1<<62).Room())
}

// counter admits until so many bytes are stored.
type counter struct{ limit, stored int64 }

func (c *counter) Admit(context.Context) error {
	if c.stored >= c.limit {
		return fault.New(fault.Full, "wait", "enough")
	}
	return nil
}

func (c *counter) Stored(_ context.Context, n int64) { c.stored += n }

func diskSpaceCountsWhatIsStored(t *testing.T) {
	t.Parallel()
	s, c := dir(t), &counter{limit: 5}
	ctx := lake.WithQuota(t.Context(), c)
	blobs := lake.New(s).Blobs("raw", ".pdf")
	for range 2 {
		_, _, err := blobs.Put(ctx, []byte("12345"))
		require.NoError(t, err, "what is there is not stored again")
	}
	require.EqualValues(t, 5, c.stored)
	_, _, err := blobs.Put(ctx, []byte("6"))
	require.Equal(t, fault.Full, fault.KindOf(err))
	_, _, err = blobs.Put(t.Context(), []byte("6"))
	require.NoError(t, err, "another context has another quota, or none")
}
