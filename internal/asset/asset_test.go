package asset_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// vial is a row of another asset.
type vial struct{ pill }

func TestNewFillsIn(t *testing.T) {
	t.Parallel()
	deps := asset.On("a/index")
	s := spec("a/x", shelf("category"))
	s.Deps, s.Retry = deps, asset.Retry{Attempts: 9}
	a := asset.New(s)
	require.Equal(t, 15*time.Minute, a.Timeout)
	require.Equal(t, 100, a.BatchSize)
	require.Equal(t, asset.Retry{Attempts: 9, ItemAttempts: 3, Interval: 2 * time.Second, MaxInterval: 2 * time.Minute}, a.Retry)
	deps[0].Key = "a/other"
	require.Equal(t, asset.On("a/index"), a.Deps, "nobody changes an asset from outside")
}

func TestNewKeepsTheRowType(t *testing.T) {
	t.Parallel()
	a := asset.New(spec("a/x", shelf("category")))
	var names []string
	for _, c := range a.Codec.Columns() {
		names = append(names, c.Name)
	}
	require.Equal(t, []string{"name", "dose", "run_id", "trace_id", "code_version", "fetched_at", "source_url", "fingerprint"}, names)

	want := pill{Name: "x", Dose: 3, Provenance: asset.Provenance{FetchedAt: time.Unix(9, 0).UTC()}}
	var file bytes.Buffer
	w := a.Codec.NewWriter(&file, rows.WriterOptions{})
	require.NoError(t, w.Write(asset.Row(want)))
	require.NoError(t, w.Close())
	for row, err := range a.Codec.Read(bytes.NewReader(file.Bytes()), int64(file.Len())) {
		require.NoError(t, err)
		require.Equal(t, want, row)
		require.Implements(t, (*asset.Row)(nil), row)
	}
}

func TestListIsErased(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	s := spec("a/x", shelf("category"))
	s.List = func(_ context.Context, run asset.Run, emit func(asset.Item, pill) error) (asset.Listing, error) {
		for _, name := range []string{"x", "y"} {
			if err := emit(asset.Item{ID: name, Label: run.Partition.Label}, pill{Name: name}); err != nil {
				return asset.Listing{}, err
			}
		}
		return asset.Listing{Total: 2, Snapshot: "today"}, nil
	}
	a := asset.New(s)
	require.True(t, a.Lists())

	shown := 0
	run := asset.Run{Partition: asset.Partition{Label: "Similar"}}
	declared, err := a.List(t.Context(), run, func(item asset.Item, row asset.Row) error {
		require.Equal(t, item.ID, row.ItemID())
		require.Equal(t, pill{Name: item.ID}, row)
		require.Equal(t, "Similar", item.Label)
		shown++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, asset.Listing{Total: 2, Snapshot: "today"}, declared)
	require.Equal(t, 2, shown)

	_, err = a.List(t.Context(), run, func(asset.Item, asset.Row) error { return stop })
	require.ErrorIs(t, err, stop)
}

func TestItemsAndMakeAreErased(t *testing.T) {
	t.Parallel()
	missing := fault.New(fault.NotFound, "make pill", "there is none")
	s := making("a/x", shelf("category"))
	s.Items = func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
		return errors.Join(emit(asset.Item{ID: "x", Input: []byte("1")}), emit(asset.Item{ID: "y"}))
	}
	s.Make = func(_ context.Context, _ asset.Run, batch []asset.Item, report asset.Report[pill]) error {
		for _, item := range batch {
			var err error
			if item.Input == nil {
				err = missing
			}
			if err := report(item.ID, pill{Name: item.ID, Dose: 4}, err); err != nil {
				return err
			}
		}
		return nil
	}
	a := asset.New(s)
	require.False(t, a.Lists())

	var batch []asset.Item
	require.NoError(t, a.Items(t.Context(), asset.Run{}, func(item asset.Item) error {
		batch = append(batch, item)
		return nil
	}))
	require.Equal(t, []asset.Item{{ID: "x", Input: []byte("1")}, {ID: "y"}}, batch)

	type outcome struct {
		row asset.Row
		err error
	}
	reported := map[string]outcome{}
	require.NoError(t, a.Make(t.Context(), asset.Run{}, batch, func(id string, row asset.Row, err error) error {
		reported[id] = outcome{row, err}
		return nil
	}))
	require.Equal(t, map[string]outcome{"x": {row: pill{Name: "x", Dose: 4}}, "y": {err: missing}}, reported,
		"there is no row where there is an error")

	stop := errors.New("enough")
	err := a.Make(t.Context(), asset.Run{}, batch, func(string, asset.Row, error) error { return stop })
	require.ErrorIs(t, err, stop)
}

func TestRowsBelongToTheirItems(t *testing.T) {
	t.Parallel()
	taken := errors.New("it was taken")

	listing := spec("a/x", shelf("category"))
	listing.List = func(_ context.Context, _ asset.Run, emit func(asset.Item, pill) error) (asset.Listing, error) {
		return asset.Listing{}, emit(asset.Item{ID: "x"}, pill{Name: "y"})
	}
	_, err := asset.New(listing).List(t.Context(), asset.Run{}, func(asset.Item, asset.Row) error { return taken })
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, `a/x gives the row of "y" for item "x"`)

	maker := making("a/x", shelf("category"))
	maker.Make = func(_ context.Context, _ asset.Run, _ []asset.Item, report asset.Report[pill]) error {
		return report("", pill{}, nil)
	}
	err = asset.New(maker).Make(t.Context(), asset.Run{}, nil, func(string, asset.Row, error) error { return taken })
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, `a/x gives the row of "" for item ""`)
}

func TestInput(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	a := asset.New(making("a/x", shelf("category"), "a/catalog"))
	tests := []struct {
		name string
		dep  asset.Key
		rows []any
		want []string // names read before the end
		err  string
	}{
		{"rows", "a/catalog", []any{pill{Name: "x"}, pill{Name: "y"}}, []string{"x", "y"}, ""},
		{"none", "a/catalog", nil, nil, ""},
		{"undeclared", "a/index", nil, nil, "a/x does not declare a/index in Deps"},
		{
			"another type", "a/catalog", []any{pill{Name: "x"}, vial{}}, []string{"x"},
			"a/catalog has rows of type asset_test.vial, not asset_test.pill",
		},
		{"broken", "a/catalog", []any{pill{Name: "x"}, broken, pill{}}, []string{"x"}, "input a/catalog: the disk is gone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := asset.Run{Partition: asset.Partition{Key: "5"}, Inputs: assettest.Inputs{"a/catalog": {"5": tt.rows}}}.For(a)
			var read []string
			var last error
			for row, err := range asset.Input[pill](t.Context(), run, tt.dep) {
				require.NoError(t, last, "an error is the last thing")
				if last = err; err == nil {
					read = append(read, row.Name)
				}
			}
			require.Equal(t, tt.want, read)
			if tt.err == "" {
				require.NoError(t, last)
				return
			}
			require.ErrorContains(t, last, tt.err)
			if !errors.Is(last, broken) {
				require.Equal(t, fault.Invalid, fault.KindOf(last))
			}
		})
	}
}

func TestInputMayBeLeftEarly(t *testing.T) {
	t.Parallel()
	run := asset.Run{Partition: asset.Partition{Key: "5"}, Inputs: assettest.Inputs{"a/catalog": {"5": {pill{Name: "x"}, pill{Name: "y"}}}}}
	run = run.For(asset.New(making("a/x", shelf("category"), "a/catalog")))
	for row, err := range asset.Input[pill](t.Context(), run, "a/catalog") {
		require.NoError(t, err)
		require.Equal(t, "x", row.Name)
		break
	}
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	s := spec("a/x", shelf("category"))
	s.CodeVersion = "12"
	run := asset.Run{ID: "run-1", TraceID: "abc"}.For(asset.New(s))
	at := time.Date(2026, 3, 1, 21, 0, 0, 0, time.FixedZone("BRT", -3*60*60))
	require.Equal(t, asset.Provenance{
		RunID: "run-1", TraceID: "abc", CodeVersion: "12", SourceURL: "https://example.org/",
		FetchedAt: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}, run.Provenance(at, "https://example.org/"))
}
