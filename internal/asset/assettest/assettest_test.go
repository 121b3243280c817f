package assettest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/fault"
)

type word struct {
	Text string `parquet:"text"`
	asset.Provenance
}

func (w word) ItemID() string { return w.Text }

// other is a row of another type.
type other struct{ word }

func declare(change func(*asset.Spec[word])) *asset.Asset {
	s := asset.Spec[word]{
		Key: "test/words", Deps: asset.On("test/texts"), Location: "words", CodeVersion: "3", Queue: asset.QueueExtract,
		Partitions: asset.Static("language", "en", "pt"),
	}
	change(&s)
	return asset.New(s)
}

// copied derives each row of the input, with an item.
func copied(ctx context.Context, run asset.Run, emit func(asset.Item, word) error) error {
	for row, err := range asset.Input[word](ctx, run, "test/texts") {
		if err != nil {
			return err
		}
		row.Provenance = run.Provenance(run.Now(), "")
		if err := emit(asset.Item{ID: row.Text, Fingerprint: "f-" + row.Text}, row); err != nil {
			return err
		}
	}
	return nil
}

func TestInputs(t *testing.T) {
	t.Parallel()
	made := declare(func(s *asset.Spec[word]) { s.Derive = copied })
	broken := errors.New("the disk is gone")
	for name, tt := range map[string]struct {
		in   assettest.Inputs
		want []string
		err  string
	}{
		"the partition of the same key": {assettest.Inputs{"test/texts": {"en": assettest.Rows(word{Text: "a"}), "pt": assettest.Rows(word{Text: "b"})}}, []string{"a"}, ""},
		"else all, in order":            {assettest.Inputs{"test/texts": {"y": assettest.Rows(word{Text: "b"}), "x": assettest.Rows(word{Text: "a"})}}, []string{"a", "b"}, ""},
		"published and empty":           {assettest.Inputs{"test/texts": {"en": nil}}, nil, ""},
		"never published":               {nil, nil, "test/texts[en] was never published"},
		"an error among the rows":       {assettest.Inputs{"test/texts": {"en": {word{Text: "a"}, broken}}}, []string{"a"}, "the disk is gone"},
		"a row of another type":         {assettest.Inputs{"test/texts": {"en": {other{}}}}, nil, "rows of type assettest_test.other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			emitted, err := assettest.Derive[word](t.Context(), made, assettest.Run(made, "en", tt.in))
			if tt.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.err)
			}
			var texts []string
			for _, e := range emitted {
				texts = append(texts, e.Row.Text)
				require.Equal(t, "f-"+e.Row.Text, e.Row.Fingerprint, "a row is bound to its item's fingerprint")
				require.Equal(t, "run-1 trace-1 3", e.Row.RunID+" "+e.Row.TraceID+" "+e.Row.CodeVersion)
			}
			require.Equal(t, tt.want, texts)
		})
	}
}

func TestDerive(t *testing.T) {
	t.Parallel()
	calls := 0
	for name, tt := range map[string]struct {
		derive func(context.Context, asset.Run, func(asset.Item, word) error) error
		err    string
	}{
		"refuses an item that is emitted twice": {func(_ context.Context, _ asset.Run, emit func(asset.Item, word) error) error {
			return errors.Join(emit(asset.Item{ID: "a"}, word{Text: "a"}), emit(asset.Item{ID: "a"}, word{Text: "a"}))
		}, `item "a" is emitted twice`},
		"refuses rows that differ the second time": {func(_ context.Context, _ asset.Run, emit func(asset.Item, word) error) error {
			calls++
			return emit(asset.Item{ID: "a"}, word{Text: "a", Provenance: asset.Provenance{SourceURL: string(rune('0' + calls))}})
		}, "gives other rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := declare(func(s *asset.Spec[word]) { s.Derive = tt.derive })
			_, err := assettest.Derive[word](t.Context(), made, assettest.Run(made, "en", nil))
			require.ErrorContains(t, err, tt.err)
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	made := declare(func(s *asset.Spec[word]) {
		s.List = func(_ context.Context, run asset.Run, emit func(asset.Item, word) error) (asset.Listing, error) {
			for _, item := range []asset.Item{{ID: "a"}, {ID: "a"}, {ID: "b", Label: run.Partition.Label}, {ID: "a", Fingerprint: "other"}} {
				if err := emit(item, word{Text: item.ID}); err != nil {
					return asset.Listing{Total: 3}, err
				}
			}
			return asset.Listing{Total: 3}, nil
		}
	})
	listed, declared, err := assettest.List[word](t.Context(), made, assettest.Run(made, "pt", nil))
	require.ErrorContains(t, err, `item "a" is emitted twice`, "with another fingerprint")
	require.Equal(t, fault.Incomplete, fault.KindOf(err), "the source changed while it was read")
	require.Equal(t, 3, declared.Total)
	require.Len(t, listed, 2, "an item that is shown again as it was replaces itself")
	require.Equal(t, asset.Item{ID: "b", Label: "pt"}, listed[1].Item)
	_, _, err = assettest.List[other](t.Context(), made, assettest.Run(made, "pt", nil))
	require.ErrorContains(t, err, `the row of item "a" is a assettest_test.word, not a assettest_test.other`)
}

func TestMake(t *testing.T) {
	t.Parallel()
	absent := fault.New(fault.NotFound, "fetch", "there is none")
	for name, tt := range map[string]struct {
		report []string
		err    string
	}{
		"gives rows and errors":            {[]string{"a", "b"}, ""},
		"refuses an item reported twice":   {[]string{"a", "b", "a"}, `reports item "a" twice`},
		"refuses an item that is left out": {[]string{"b"}, `reports item "a" neither`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := declare(func(s *asset.Spec[word]) {
				s.Items = func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
					return errors.Join(emit(asset.Item{ID: "a"}), emit(asset.Item{ID: "b"}))
				}
				s.Make = func(_ context.Context, _ asset.Run, _ []asset.Item, report asset.Report[word]) error {
					for _, id := range tt.report {
						var err error
						if id == "b" {
							err = absent
						}
						if err := report(id, word{Text: id}, err); err != nil {
							return err
						}
					}
					return nil
				}
			})
			run := assettest.Run(made, "en", nil)
			items, err := assettest.Items(t.Context(), made, run)
			require.NoError(t, err)
			result, err := assettest.Make[word](t.Context(), made, run, items)
			require.Equal(t, map[string]error{"b": absent}, result.Failed)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, map[string]word{"a": {Text: "a"}}, result.Rows)
		})
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		again string
		err   string
	}{
		"counts an item once that is named again": {"f", ""},
		"refuses one that differs":                {"g", `item "a" is named twice and differs`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := declare(func(s *asset.Spec[word]) {
				s.Items = func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
					return errors.Join(emit(asset.Item{ID: "a", Fingerprint: "f"}), emit(asset.Item{ID: "a", Fingerprint: tt.again}))
				}
			})
			items, err := assettest.Items(t.Context(), made, assettest.Run(made, "en", nil))
			require.Equal(t, []asset.Item{{ID: "a", Fingerprint: "f"}}, items)
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.err)
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	made := declare(func(s *asset.Spec[word]) {
		s.Derive = copied
		s.Checks = []asset.Check[word]{
			asset.References("text", func(w word) string { return w.Text }, "test/texts", func(w word) string { return w.Text }).Block(),
			{Name: "law", Description: "the law was seen", Deps: asset.On("test/law"), Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[word], error) {
				seen, at, err := in.Observation(ctx, "test/law")
				return asset.CheckRun[word]{Finish: func(asset.Staged) (asset.Finding, error) {
					if at.IsZero() {
						return asset.Finding{}, errors.New("nobody has looked")
					}
					return asset.Finding{Observed: seen.DataVersion}, nil
				}}, err
			}},
		}
	})
	run := assettest.Run(made, "en", assettest.Inputs{"test/texts": {"en": assettest.Rows(word{Text: "a"})}})
	unseen := assettest.CheckResults(t.Context(), made, run, nil, asset.Staged{Rows: 1}, word{Text: "b"})
	require.Equal(t, "nobody has looked", unseen["law"].Detail)
	seen := assettest.CheckResults(t.Context(), made, run, assettest.Observations{"test/law": {DataVersion: "v9"}}, asset.Staged{Rows: 1}, word{Text: "a"})
	require.True(t, seen["law"].Passed, seen["law"].Detail)
	require.Equal(t, "v9", seen["law"].Observed)
	failed := 0
	for _, v := range unseen {
		if v.Stops() {
			failed++
		}
	}
	require.Equal(t, 1, failed, "the row names what the other asset does not have")
	for _, v := range seen {
		require.True(t, v.Passed, v.Detail)
	}
}
