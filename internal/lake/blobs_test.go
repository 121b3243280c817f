package lake_test

import (
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

func TestBlobs(t *testing.T) {
	t.Parallel()
	s := dir(t)
	blobs := lake.New(s).Blobs("raw/anvisa/leaflets", ".pdf")
	const sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc", by FIPS 180-2
	require.Equal(t, "raw/anvisa/leaflets/ba/"+sha+".pdf", blobs.Path(sha))
	_, err := blobs.Open(t.Context(), sha)
	require.ErrorIs(t, err, fs.ErrNotExist)

	var created atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, fresh, err := blobs.Put(t.Context(), []byte("abc"))
			if err != nil || got != sha {
				t.Error(got, err)
			}
			if fresh {
				created.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, created.Load())

	o, err := blobs.Open(t.Context(), sha)
	require.NoError(t, err)
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	require.NoError(t, err)
	require.NoError(t, o.Close())
	require.Equal(t, "abc", string(b))
	require.NoError(t, blobs.Verify(t.Context(), sha))

	_, err = s.Put(t.Context(), "raw/anvisa/leaflets/ba/notes.txt", strings.NewReader("x"))
	require.NoError(t, err)
	for info, err := range blobs.Each(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, lake.Info{Name: blobs.Path(sha), Size: 3, Modified: info.Modified}, info)
	}
}

func TestBlobsFindDamage(t *testing.T) {
	t.Parallel()
	s := dir(t)
	blobs := lake.New(s).Blobs("raw", "pdf")
	sha, _, err := blobs.Put(t.Context(), []byte("content"))
	require.NoError(t, err)
	for _, damage := range []string{"CONTENT", "cont"} {
		_, err = s.Put(t.Context(), blobs.Path(sha), strings.NewReader(damage))
		require.NoError(t, err)
		require.Equal(t, fault.Corrupt, fault.KindOf(blobs.Verify(t.Context(), sha)))
	}
	_, again, err := blobs.Put(t.Context(), []byte("content")) // the short one is seen, and replaced
	require.NoError(t, err)
	require.True(t, again)
	require.NoError(t, blobs.Verify(t.Context(), sha))
	for _, bad := range []string{"", "a", "../x", strings.ToUpper(sha), sha + "0"} {
		_, err := blobs.Open(t.Context(), bad)
		require.Equal(t, fault.Invalid, fault.KindOf(err), bad)
		require.NotPanics(t, func() { blobs.Path(bad) })
	}
}
