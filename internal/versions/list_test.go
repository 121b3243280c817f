package versions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

func numbers(listed []Version) (found []int64) {
	for _, v := range listed {
		found = append(found, v.Version)
	}
	return found
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.publish("6", texts{"x": "1", "y": "1"})
	s.publish("5", texts{"a": "2", "b": "1"})
	for name, tt := range map[string]struct {
		partitions []string
		limit      int
		want       []int64
		err        string
	}{
		"names all, the newest first":           {nil, 0, []int64{2, 1, 0}, ""},
		"takes a partition by its key":          {[]string{"5"}, 0, []int64{2, 0}, ""},
		"takes a partition by its label":        {[]string{"novo"}, 0, []int64{1}, ""},
		"takes several":                         {[]string{"6", "5"}, 0, []int64{2, 1, 0}, ""},
		"stops at the limit":                    {nil, 2, []int64{2, 1}, ""},
		"counts the limit in what was chosen":   {[]string{"5"}, 1, []int64{2}, ""},
		"refuses an unknown partition and says": {[]string{"7"}, 0, nil, `published partition "7" is unknown; known: 5, 6`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed, err := s.List(t.Context(), s.made, tt.partitions, tt.limit)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, numbers(listed))
		})
	}
}

func TestListOrigin(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1", "b": "1"})
	s.publish("5", texts{"a": "2", "b": "1"})
	listed, err := s.List(t.Context(), s.made, nil, 1)
	require.NoError(t, err)
	v := listed[0]
	require.Equal(t, Version{
		Version: 1, Time: s.now, Operation: "MATERIALIZE", Partition: "5", RunID: "run-2026-08-03", TraceID: "trace", CodeVersion: "1", Rows: 2,
		FilesAdded: 2, FilesRemoved: 1, Checks: map[string]string{"conserved": "passed"}, Readable: true, Current: true, Upstream: v.Upstream, about: []string{"5"},
	}, v)
}

func TestListReadable(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.publish("6", texts{"x": "1"})
	s.publish("5", texts{"a": "2"})
	s.publish("5", texts{"a": "3"})
	s.vacuum()
	listed, err := s.List(t.Context(), s.made, nil, 0)
	require.NoError(t, err)
	readable, current := map[int64]bool{}, map[int64]bool{}
	for _, v := range listed {
		readable[v.Version], current[v.Version] = v.Readable, v.Current
	}
	require.Equal(t, map[int64]bool{0: false, 1: true, 2: false, 3: true}, readable, "vacuum removed the files of older versions, and they stay listed")
	require.Equal(t, map[int64]bool{0: false, 1: true, 2: false, 3: true}, current, "each partition has a current version of its own")
}

func TestListEmpty(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	listed, err := s.List(t.Context(), s.made, nil, 0)
	require.NoError(t, err)
	require.Empty(t, listed)
	_, err = s.List(t.Context(), asset.External(asset.ExternalSpec{
		Key: "test/law", Observe: asset.New(asset.Spec[sheet]{}).Observe,
	}), nil, 0)
	require.ErrorContains(t, err, "test/law is an external asset")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}
