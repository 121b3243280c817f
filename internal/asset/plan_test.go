package asset_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// judged is a graph of a catalog that observes the source, a download made from it, and a catalog of another set.
func judged(t *testing.T) *asset.Graph {
	t.Helper()
	set := shelf("category")
	download := making("a/download", set, "a/catalog")
	download.CodeVersion, download.Queue, download.Timeout = "7", asset.QueueExtract, time.Minute
	download.Retry = asset.Retry{Attempts: 2}
	g, err := asset.NewGraph(asset.New(spec("a/catalog", set)), asset.New(download), asset.New(spec("a/daily", shelf("day"))))
	require.NoError(t, err)
	return g
}

func TestJudge(t *testing.T) {
	t.Parallel()
	fresh := asset.PartitionRecord{Version: 4, CodeVersion: "7", Upstream: asset.Versions{{Key: "a/catalog", Version: 3}}}
	with := func(change func(*asset.PartitionRecord)) *asset.PartitionRecord {
		f := fresh
		change(&f)
		return &f
	}
	tests := []struct {
		name     string
		fact     *asset.PartitionRecord // of the download
		upstream int64                  // version of the catalog; -1: never published
		state    asset.State
		reason   string
	}{
		{"nobody knows of it", nil, 3, asset.Missing, "never published"},
		{"known, not published", &asset.PartitionRecord{Version: -1}, 3, asset.Missing, "never published"},
		{
			"stopped before the first publish", &asset.PartitionRecord{Version: -1, Pending: 12}, 3,
			asset.Missing, "never published; 12 items are left to do",
		},
		{"stopped later", with(func(f *asset.PartitionRecord) { f.Pending = 2 }), 3, asset.Stale, "2 items are left to do"},
		{
			"stopped, and the code is newer", with(func(f *asset.PartitionRecord) { f.Pending, f.CodeVersion = 2, "6" }), 3,
			asset.Stale, "code version 6 → 7",
		},
		{"other code", with(func(f *asset.PartitionRecord) { f.CodeVersion = "6" }), 3, asset.Stale, "code version 6 → 7"},
		{"newer input", &fresh, 5, asset.Stale, "a/catalog is at version 5, made from 3"},
		{"older input", &fresh, 2, asset.Fresh, "nothing changed that we know of"},
		{"input was never published", &fresh, -1, asset.Fresh, "nothing changed that we know of"},
		{"input was never there", with(func(f *asset.PartitionRecord) { f.Upstream = nil }), -1, asset.Fresh, "nothing changed that we know of"},
		{
			"made before the input was there", with(func(f *asset.PartitionRecord) { f.Upstream = nil }), 0,
			asset.Stale, "a/catalog is at version 0, made before it was published",
		},
		{"quarantined", with(func(f *asset.PartitionRecord) { f.Retryable = 9 }), 3, asset.Fresh, "nothing changed that we know of; 9 quarantined items will be tried again"},
		{
			"quarantined, and the input is newer", with(func(f *asset.PartitionRecord) { f.Retryable = 9 }), 4,
			asset.Stale, "a/catalog is at version 4, made from 3",
		},
		{"fresh", &fresh, 3, asset.Fresh, "nothing changed that we know of"},
		{"its last attempt failed", with(func(f *asset.PartitionRecord) { f.Attempt = asset.AttemptFailed }), 3, asset.Fresh, "nothing changed that we know of"},
		{
			"rolled back, with items to do", with(func(f *asset.PartitionRecord) { f.RolledBack, f.Pending, f.CodeVersion = new(int64(2)), 3, "6" }), 3,
			asset.RolledBack, "rolled back to version 2; the next run brings it forward again",
		},
	}
	g := judged(t)
	download, err := g.Get("a/download")
	require.NoError(t, err)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := asset.GraphState{Records: map[asset.Key]map[string]asset.PartitionRecord{"a/catalog": {"5": {Version: tt.upstream, CodeVersion: "1"}}}}
			if tt.fact != nil {
				w.Records["a/download"] = map[string]asset.PartitionRecord{"5": *tt.fact, "6": {Version: -1}}
			}
			standing := g.View(w).Status(download, "5")
			require.Equal(t, tt.state, standing.State)
			require.Equal(t, tt.reason, standing.Reason)
			require.Equal(t, tt.state == asset.Stale, standing.Axis != "")
			require.Equal(t, strings.HasPrefix(tt.reason, "code version"), standing.Axis == asset.CodeAxis)
		})
	}
}

// stocked is a world in which two categories are known and everything in them is fresh.
func stocked() asset.GraphState {
	made := asset.PartitionRecord{Version: 1, CodeVersion: "7", Upstream: asset.Versions{{Key: "a/catalog", Version: 1}}}
	listed := asset.PartitionRecord{Version: 1, CodeVersion: "1"}
	return asset.GraphState{
		Partitions: map[string][]asset.Partition{"category": {{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Similar"}}},
		Records:    map[asset.Key]map[string]asset.PartitionRecord{"a/catalog": {"5": listed, "6": listed}, "a/download": {"5": made, "6": made}},
	}
}

func planned(t *testing.T, g *asset.Graph, w asset.GraphState, selection string, partitions ...string) (asset.Plan, error) {
	t.Helper()
	selected, err := g.Select(selection)
	require.NoError(t, err)
	return g.View(w).Plan(selected, asset.Request{Partitions: partitions})
}

func TestPlan(t *testing.T) {
	t.Parallel()
	plan, err := planned(t, judged(t), stocked(), "a/catalog+")
	require.NoError(t, err)
	require.Empty(t, plan.Undiscovered)
	type line struct {
		name  string
		needs []int
	}
	var lines []line
	for _, s := range plan.Steps {
		lines = append(lines, line{s.Name(), s.Needs})
	}
	require.Equal(t, []line{
		{"a/catalog[5]", nil}, {"a/catalog[6]", nil}, {"a/download[5]", []int{0}}, {"a/download[6]", []int{1}},
	}, lines)

	require.Equal(t, asset.Step{
		Asset: "a/catalog", Partition: asset.Partition{Key: "5", Label: "Genérico"}, State: asset.Fresh,
		Reason: "asks the source what changed", CodeVersion: "1", Lists: true, Queue: asset.QueueBrowser, Timeout: 15 * time.Minute,
		Retry: asset.Retry{Attempts: 5, ItemAttempts: 3, Interval: 2 * time.Second, MaxInterval: 2 * time.Minute},
	}, plan.Steps[0])
	require.Equal(t, asset.Step{
		Asset: "a/download", Partition: asset.Partition{Key: "6", Label: "Similar"}, State: asset.Fresh, Needs: []int{1},
		Reason: "nothing changed that we know of", CodeVersion: "7", Queue: asset.QueueExtract, Timeout: time.Minute,
		Retry: asset.Retry{Attempts: 2, ItemAttempts: 3, Interval: 2 * time.Second, MaxInterval: 2 * time.Minute},
	}, plan.Steps[3])
}

func TestPlanNeedsAllDependenciesOfTheSamePartition(t *testing.T) {
	t.Parallel()
	w := asset.GraphState{Partitions: map[string][]asset.Partition{"category": {{Key: "5"}, {Key: "6"}}}}
	plan, err := planned(t, lineage(t), w, "1+a/extract", "6")
	require.NoError(t, err)
	require.Len(t, plan.Steps, 3)
	require.Equal(t, []int{0, 1}, plan.Steps[2].Needs)
	require.Empty(t, plan.Steps[0].Needs, "a/catalog is not selected: what is published of it is taken")
	for i, s := range plan.Steps {
		require.Equal(t, "6", s.Partition.Key)
		for _, need := range s.Needs {
			require.Less(t, need, i, "dependencies come first")
		}
	}
}

func TestPlanPartitions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		partitions []string
		want       []string
		err        string
	}{
		{"by key", []string{"6"}, []string{"a/download[6]"}, ""},
		{"by label, however it is written", []string{"GENÉRICO"}, []string{"a/download[5]"}, ""},
		{"one by both its names", []string{"5", "Genérico"}, []string{"a/download[5]"}, ""},
		{"several", []string{"Similar", "5"}, []string{"a/download[5]", "a/download[6]"}, ""},
		{"unknown", []string{"5", "Vacina"}, nil, `partition "Vacina" is unknown; known: 5 (Genérico), 6 (Similar); `},
		{"part of a label", []string{"Gen"}, nil, `partition "Gen" is unknown`},
		{"empty", []string{""}, nil, "a partition is named by an empty word"},
	}
	g := judged(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := planned(t, g, stocked(), "a/download", tt.partitions...)
			if tt.err != "" {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.ErrorContains(t, err, tt.err)
				require.Empty(t, plan.Steps)
				return
			}
			require.NoError(t, err)
			var names []string
			for _, s := range plan.Steps {
				names = append(names, s.Name())
			}
			require.Equal(t, tt.want, names)
		})
	}
}

func TestPlanListsEachPartitionOnce(t *testing.T) {
	t.Parallel()
	_, err := planned(t, judged(t), stocked(), "a/catalog+", "Vacina")
	require.EqualError(t, err, "choose partitions: partition \"Vacina\" is unknown; known: 5 (Genérico), 6 (Similar); `starter partitions list` lists them")
}

func TestPlanOfWhatNobodyHasDiscovered(t *testing.T) {
	t.Parallel()
	g := judged(t)
	plan, err := planned(t, g, asset.GraphState{}, "*", "Genérico")
	require.NoError(t, err, "the partition may turn out to be there")
	require.Equal(t, asset.Plan{Steps: []asset.Step{}, Undiscovered: []string{"category", "day"}}, plan)

	plan, err = planned(t, g, stocked(), "*")
	require.NoError(t, err)
	require.Equal(t, []string{"day"}, plan.Undiscovered)
	require.Len(t, plan.Steps, 4, "the sets that are known are planned")
}

// TestPlanInHistories holds the names that are written into Temporal's histories: a running workflow reads them again.
func TestPlanInHistories(t *testing.T) {
	t.Parallel()
	plan, err := planned(t, judged(t), stocked(), "a/download", "5")
	require.NoError(t, err)
	have, err := json.Marshal(plan)
	require.NoError(t, err)
	require.JSONEq(t, `{"steps": [{
		"asset": "a/download", "partition": {"key": "5", "label": "Genérico"}, "state": "fresh",
		"reason": "nothing changed that we know of", "code_version": "7", "lists": false, "queue": "extract", "timeout": 60000000000,
		"retry": {"attempts": 2, "item_attempts": 3, "interval": 2000000000, "max_interval": 120000000000}
	}]}`, string(have))
}

func TestPlanExactly(t *testing.T) {
	t.Parallel()
	plan, gone, err := judged(t).View(stocked()).PlanExactly(map[asset.Key][]string{
		"a/download": {"6", "5", "5", "9"}, "a/catalog": {"6"}, "a/shelved": {"5"},
	})
	require.NoError(t, err)
	var steps []string
	for _, s := range plan.Steps {
		steps = append(steps, s.Name())
	}
	require.Equal(t, []string{"a/catalog[6]", "a/download[5]", "a/download[6]"}, steps, "fresh ones too, each once, what is needed first")
	require.Empty(t, plan.Steps[1].Needs, "catalog[5] is not in the plan")
	require.Equal(t, []int{0}, plan.Steps[2].Needs)
	require.Equal(t, "7", plan.Steps[2].CodeVersion, "the code is that of now")
	require.Equal(t, []string{"a/download[9]", "a/shelved[5]"}, gone)
}
