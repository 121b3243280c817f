package asset_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// saved is a plan of a world, as it is kept.
func saved(t testing.TB, g *asset.Graph, w asset.GraphState, r asset.Request) asset.Saved {
	t.Helper()
	selected, err := g.Select("a/download")
	require.NoError(t, err)
	view := g.View(w)
	plan, err := view.Plan(selected, r)
	require.NoError(t, err)
	s := asset.Saved{Lake: "lake", MadeAt: time.Date(2026, 8, 1, 12, 0, 0, 5, time.UTC), Select: []string{"a/download"}, Request: r, Mode: "missing"}
	for _, step := range plan.Steps {
		basis, err := view.Basis(selected[0], step.Partition.Key)
		require.NoError(t, err)
		s.Steps = append(s.Steps, asset.SavedStep{Step: step, Estimate: asset.Estimate{Counted: true, Fetch: 3, Minutes: 0.1}, Basis: basis})
	}
	return s
}

func TestSavedPlan(t *testing.T) {
	t.Parallel()
	t.Run("can be read again", savedPlanCanBeReadAgain)
	t.Run("is refused when damaged or foreign", savedPlanIsRefusedWhenDamagedOrForeign)
	t.Run("names what changed since", savedPlanNamesWhatChangedSince)
	t.Run("names a changed code version", savedPlanNamesChangedCodeVersion)
	t.Run("bounds the list of changes", savedPlanBoundsListOfChanges)
}

func savedPlanCanBeReadAgain(t *testing.T) {
	t.Parallel()
	s := saved(t, judgedFor(t), stocked(), asset.Request{Filter: asset.Without})
	text, err := s.Encode()
	require.NoError(t, err)
	read, err := asset.ReadSaved(append(text, '\n'))
	require.NoError(t, err)
	require.Equal(t, asset.SavedFormat, read.Format)
	require.Equal(t, s.Steps, read.Steps)
	again, err := read.Encode()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
}

// judgedFor is judged, for tests and fuzzing alike.
func judgedFor(t testing.TB) *asset.Graph {
	t.Helper()
	set := shelf("category")
	download := making("a/download", set, "a/catalog")
	download.CodeVersion = "7"
	g, err := asset.NewGraph(asset.New(spec("a/catalog", set)), asset.New(download))
	require.NoError(t, err)
	return g
}

func savedPlanIsRefusedWhenDamagedOrForeign(t *testing.T) {
	t.Parallel()
	text, err := saved(t, judgedFor(t), stocked(), asset.Request{Filter: asset.Without}).Encode()
	require.NoError(t, err)
	edit := func(old, with string) []byte {
		require.Contains(t, string(text), old)
		return bytes.Replace(text, []byte(old), []byte(with), 1)
	}
	for _, tt := range []struct {
		name string
		text []byte
		says string
	}{
		{"empty", nil, "it is damaged, or is no plan"},
		{"cut", text[:len(text)/2], "it is damaged, or is no plan"},
		{"another document", []byte(`{"steps": []}`), "it is no saved plan: it has no format"},
		{"a later format", edit(`"format": 1`, `"format": 2`), "it has format 2, this drugslm reads 1"},
		{"an unknown field", edit(`"format": 1`, `"format": 1, "extra": true`), `unknown field "extra"`},
		{"an unknown field of a step", edit(`"lists"`, `"lifts"`), `unknown field "lifts"`},
		{"edited by hand", edit(`"fetch": 3`, `"fetch": 4`), "it was damaged or edited"},
		{"edited basis", edit(`"version": 1`, `"version": 2`), "it was damaged or edited"},
		{"hash taken out", edit(`"sha256": "`, `"sha256": "0`), "it was damaged or edited"},
		{"two documents", append(bytes.Clone(text), text...), "it is damaged"},
		{"too long", bytes.Repeat([]byte(" "), asset.MaxSaved+1), "more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := asset.ReadSaved(tt.text)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, tt.says)
			require.ErrorContains(t, err, "starter plan --save")
		})
	}
}

func savedPlanNamesWhatChangedSince(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		move func(w *asset.GraphState)
		lake string
		says string // "" when nothing moved
	}{
		{"nothing", func(*asset.GraphState) {}, "lake", ""},
		{"another lake", func(*asset.GraphState) {}, "other", `made from the data folder with the ledger "lake", this one has "other"`},
		{"a version", func(w *asset.GraphState) {
			edit(w, "a/download", "5", func(f *asset.PartitionRecord) { f.Version = 4 })
		}, "lake", "a/download[5]: was version 1, is version 4: plan again"},
		{"an input", func(w *asset.GraphState) { edit(w, "a/catalog", "6", func(f *asset.PartitionRecord) { f.Version = 9 }) }, "lake", "a/download[6]: a/catalog was version 1, is version 9"},
		{"an input's first version is gone", func(w *asset.GraphState) { delete(w.Records["a/catalog"], "6") }, "lake", "a/catalog was version 1, is never published"},
		{"items left over", func(w *asset.GraphState) {
			edit(w, "a/download", "5", func(f *asset.PartitionRecord) { f.Pending = 2 })
		}, "lake", "a/download[5]: items left over: were 0, are 2"},
		{"items quarantined", func(w *asset.GraphState) {
			edit(w, "a/download", "5", func(f *asset.PartitionRecord) { f.Quarantined = 3 })
		}, "lake", "items quarantined: were 0, are 3"},
		{"a partition came", func(w *asset.GraphState) {
			w.Partitions["category"] = append(w.Partitions["category"], asset.Partition{Key: "7"})
		}, "lake", "new: a/download[7]"},
		{"a partition went", func(w *asset.GraphState) { w.Partitions["category"] = w.Partitions["category"][:1] }, "lake", "a/download[6]: the partition is gone"},
		{"two things", func(w *asset.GraphState) {
			edit(w, "a/download", "5", func(f *asset.PartitionRecord) { f.Version, f.Pending = 2, 1 })
		}, "lake", "was version 1, is version 2, items left over: were 0, are 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := judgedFor(t)
			s := saved(t, g, stocked(), asset.Request{Filter: asset.Without})
			w := stocked()
			tt.move(&w)
			view := g.View(w)
			selected, err := g.Select(s.Select...)
			require.NoError(t, err)
			fresh, err := view.Plan(selected, s.Request)
			require.NoError(t, err)
			err = view.Check(s, tt.lake, fresh)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func edit(w *asset.GraphState, key asset.Key, partition string, change func(*asset.PartitionRecord)) {
	f := w.Records[key][partition]
	change(&f)
	facts := map[string]asset.PartitionRecord{}
	for k, v := range w.Records[key] {
		facts[k] = v
	}
	facts[partition] = f
	w.Records[key] = facts
}

func savedPlanNamesChangedCodeVersion(t *testing.T) {
	t.Parallel()
	g := judgedFor(t)
	s := saved(t, g, stocked(), asset.Request{})
	for i := range s.Steps {
		s.Steps[i].CodeVersion = "6"
	}
	selected, err := g.Select(s.Select...)
	require.NoError(t, err)
	view := g.View(stocked())
	fresh, err := view.Plan(selected, s.Request)
	require.NoError(t, err)
	err = view.Check(s, "lake", fresh)
	require.ErrorContains(t, err, "a/download[5]: code version 6 → 7; a/download[6]: code version 6 → 7")
}

func savedPlanBoundsListOfChanges(t *testing.T) {
	t.Parallel()
	g := judgedFor(t)
	s := saved(t, g, stocked(), asset.Request{})
	w := stocked()
	for i := range 40 {
		w.Partitions["category"] = append(w.Partitions["category"], asset.Partition{Key: strings.Repeat("x", i+1)})
	}
	view := g.View(w)
	selected, err := g.Select(s.Select...)
	require.NoError(t, err)
	fresh, err := view.Plan(selected, s.Request)
	require.NoError(t, err)
	require.ErrorContains(t, view.Check(s, "lake", fresh), "and 28 more: plan again")
}

func FuzzReadSaved(f *testing.F) {
	text, err := saved(f, judgedFor(f), stocked(), asset.Request{Filter: asset.Without}).Encode()
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"format": 1}`))
	f.Add([]byte(`{"format": 1, "steps": [{"partition": null}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := asset.ReadSaved(text)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again, err := s.Encode()
		require.NoError(t, err)
		_, err = asset.ReadSaved(again)
		require.NoError(t, err, "what is read can be written and read again")
	})
}
