package asset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		found, err := time.Parse(time.DateTime, "2026-08-20 "+clock)
		require.NoError(t, err)
		return found
	}
	up := asset.InputState{Asset: "a/up", Partition: "5", Verified: at("03:00:00")}
	with := func(change func(*asset.InputState)) []asset.InputState {
		in := up
		change(&in)
		return []asset.InputState{in}
	}
	updated := with(func(in *asset.InputState) { in.Updated = true })
	missing := with(func(in *asset.InputState) { in.Missing, in.Verified = true, time.Time{} })
	requested := with(func(in *asset.InputState) { in.Missing, in.Requested = true, true })
	working := with(func(in *asset.InputState) { in.Updated, in.Working = true, true })
	seven := asset.OnCron("0 7 * * *", "")
	tests := []struct {
		name      string
		condition asset.Condition
		change    func(*asset.ConditionInput)
		holds     bool
		reason    string
	}{
		{"eager: nothing", asset.Eager(), nil, false, "no input was updated since it was handled"},
		{"eager: updated", asset.Eager(), func(s *asset.ConditionInput) { s.Inputs = updated }, true, "a/up[5] was updated"},
		{"eager: missing", asset.Eager(), func(s *asset.ConditionInput) { s.Missing = true }, true, "never published"},
		{"eager: missing and handled", asset.Eager(), func(s *asset.ConditionInput) { s.Missing, s.Requested = true, at("01:00:00") }, false, "no input was updated since it was handled"},
		{"eager: input missing", asset.Eager(), func(s *asset.ConditionInput) { s.Missing, s.Inputs = true, missing }, false, "never published, but a/up[5] is missing"},
		{"eager: input requested", asset.Eager(), func(s *asset.ConditionInput) { s.Missing, s.Inputs = true, requested }, true, "never published"},
		{"eager: input worked on", asset.Eager(), func(s *asset.ConditionInput) { s.Inputs = working }, false, "a/up[5] was updated, but a run is at a/up[5]"},
		{"missing", asset.OnMissing(), func(s *asset.ConditionInput) { s.Missing = true }, true, "never published"},
		{"missing: published", asset.OnMissing(), nil, false, "it was published"},
		{"missing: handled", asset.OnMissing(), func(s *asset.ConditionInput) { s.Missing, s.Requested = true, at("01:00:00") }, false, "it was requested at 2026-08-20T01:00:00Z"},
		{"missing: input missing", asset.OnMissing(), func(s *asset.ConditionInput) { s.Missing, s.Inputs = true, missing }, false, "never published, but a/up[5] is missing"},
		{"stale: code", asset.OnStale(), func(s *asset.ConditionInput) { s.Code = "1 → 2" }, true, "code version 1 → 2"},
		{"stale: source", asset.OnStale(), func(s *asset.ConditionInput) { s.Inputs = updated }, true, "a/up[5] was updated"},
		{"stale: missing", asset.OnStale(), func(s *asset.ConditionInput) { s.Missing, s.Inputs = true, updated }, false, "never published: it is missing, not stale"},
		{"stale: fresh", asset.OnStale(), nil, false, "nothing is newer since it was handled"},
		{"cron: input is older", seven, nil, false, "a/up[5] was not updated since the tick of 2026-08-20T07:00:00Z"},
		{"cron: input is newer", seven, func(s *asset.ConditionInput) {
			s.Inputs = with(func(in *asset.InputState) { in.Verified = at("07:00:00") })
		}, true, "tick of 2026-08-20T07:00:00Z"},
		{"cron: no inputs", seven, func(s *asset.ConditionInput) { s.Inputs = nil }, true, "tick of 2026-08-20T07:00:00Z"},
		{"cron: requested", seven, func(s *asset.ConditionInput) { s.Requested = at("07:30:00") }, false, "requested since the tick of 2026-08-20T07:00:00Z"},
		{"cron: made by hand", seven, func(s *asset.ConditionInput) { s.Verified = at("07:30:00") }, false, "materialized since the tick of 2026-08-20T07:00:00Z"},
		{"cron: older window", seven, func(s *asset.ConditionInput) { s.Newest = false }, false, "it is not the newest window"},
		{"cron: began after", seven, func(s *asset.ConditionInput) { s.Began = at("07:30:00") }, false, "no tick passed since automation began"},
		{"and", asset.Eager().And(asset.OnStale()), func(s *asset.ConditionInput) { s.Inputs = updated }, true, "a/up[5] was updated; a/up[5] was updated"},
		{"and: one fails", asset.Eager().And(asset.OnMissing()), func(s *asset.ConditionInput) { s.Inputs = updated }, false, "it was published"},
		{"or", asset.OnMissing().Or(asset.OnStale()), func(s *asset.ConditionInput) { s.Code = "1 → 2" }, true, "code version 1 → 2"},
		{"or: none", asset.OnMissing().Or(asset.OnStale()), nil, false, "it was published; nothing is newer since it was handled"},
		{"not", asset.OnStale().And(asset.Not(asset.OnMissing())), func(s *asset.ConditionInput) { s.Code = "1 → 2" }, true, "code version 1 → 2; it was published"},
		{"none", asset.Condition{}, nil, false, "there is no condition"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := asset.ConditionInput{Now: at("08:00:00"), Began: at("00:00:00"), Newest: true, Verified: at("02:00:00"), Inputs: []asset.InputState{up}}
			if tt.change != nil {
				tt.change(&s)
			}
			result := tt.condition.Explain(s)
			require.Equal(t, tt.holds, result.Holds, result.Reason)
			require.Equal(t, tt.reason, result.Reason)
		})
	}
}

func TestConditionsReadOneWay(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]asset.Condition{
		"":      {},
		"eager": asset.Eager(),
		"eager or (on_cron(0 6 * * *, UTC) and not on_missing)":     asset.Eager().Or(asset.OnCron(" 0  6 * * *", "").And(asset.Not(asset.OnMissing()))),
		"eager or on_missing or on_stale":                           asset.Eager().Or(asset.OnMissing().Or(asset.OnStale())),
		"on_stale and not (eager or on_missing)":                    asset.OnStale().And(asset.Not(asset.Eager().Or(asset.OnMissing()))),
		"on_cron(@daily, America/Sao_Paulo) and eager and on_stale": asset.OnCron("@daily", "America/Sao_Paulo").And(asset.Eager()).And(asset.OnStale()),
	} {
		require.Equal(t, want, c.String())
	}
}

func TestMistakesInPromises(t *testing.T) {
	t.Parallel()
	set := shelf("category")
	bad := spec("a/bad", set)
	bad.Automation = asset.OnCron("61 * * * *", "").Or(asset.Condition{})
	bad.Freshness = asset.By("0 6 * * *", "Mars/Olympus", -time.Hour)
	idle := spec("a/idle", set)
	idle.Automation, idle.Freshness = asset.Not(asset.Eager()), asset.Within(0)
	empty := spec("a/empty", asset.Product("pair", set, asset.Daily("day", "", "2026-01-01")))
	empty.Freshness = &asset.Freshness{}
	_, err := asset.NewGraph(asset.New(bad), asset.New(idle), asset.New(empty))
	for _, want := range []string{
		`asset "a/bad": automation: cron "61 * * * *"`, `asset "a/bad": automation: And, Or and Not want conditions`,
		`asset "a/bad": freshness: `, `Mars/Olympus`, `want no grace, or some`,
		`asset "a/idle": automation "not eager" asks for nothing by itself`, `asset "a/idle": freshness: Within(0s): want a duration above zero`,
		`asset "a/empty": freshness: want Within or By`, `asset "a/empty": freshness: a product with windows of time has none`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	day := asset.Daily("day", "", "2026-08-01")
	now := time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	tests := []struct {
		name      string
		set       *asset.Partitions
		policy    *asset.Freshness
		partition string
		verified  time.Time
		status    asset.FreshnessStatus
		due       string
	}{
		{"no promise", shelf("category"), nil, "5", ago(time.Hour), "", ""},
		{"within", shelf("category"), asset.Within(48 * time.Hour), "5", ago(47 * time.Hour), "fresh", "2026-08-20T13:00:00Z"},
		{"not within", shelf("category"), asset.Within(48 * time.Hour), "5", ago(48 * time.Hour), "overdue", "2026-08-20T12:00:00Z"},
		{"never", shelf("category"), asset.Within(48 * time.Hour), "5", time.Time{}, "unknown", ""},
		{"by", shelf("category"), asset.By("0 6 * * *", "", time.Hour), "5", ago(5 * time.Hour), "fresh", "2026-08-21T07:00:00Z"},
		{"not by", shelf("category"), asset.By("0 6 * * *", "", time.Hour), "5", ago(7 * time.Hour), "overdue", "2026-08-20T07:00:00Z"},
		{"by, within grace", shelf("category"), asset.By("0 6 * * *", "", 7*time.Hour), "5", ago(7 * time.Hour), "fresh", "2026-08-20T13:00:00Z"},
		{"the newest window", day, asset.Within(time.Hour), "2026-08-19", ago(time.Hour), "fresh", ""},
		{"the newest window is missing", day, asset.Within(time.Hour), "2026-08-19", time.Time{}, "overdue", "2026-08-20T01:00:00Z"},
		{"made before its end", day, asset.Within(time.Hour), "2026-08-19", ago(13 * time.Hour), "overdue", "2026-08-20T01:00:00Z"},
		{"the newest window has time", day, asset.Within(24 * time.Hour), "2026-08-19", time.Time{}, "fresh", "2026-08-21T00:00:00Z"},
		{"then the one before is due", day, asset.Within(24 * time.Hour), "2026-08-18", time.Time{}, "overdue", "2026-08-20T00:00:00Z"},
		{"nobody waits for older ones", day, asset.Within(24 * time.Hour), "2026-08-17", time.Time{}, "unknown", ""},
		{"a window by the clock", day, asset.By("0 6 * * *", "", time.Hour), "2026-08-19", time.Time{}, "overdue", "2026-08-20T07:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := spec("a/one", tt.set)
			s.Freshness = tt.policy
			one := asset.New(s)
			g, err := asset.NewGraph(one)
			require.NoError(t, err)
			w := asset.GraphState{Now: now, Records: map[asset.Key]map[string]asset.PartitionRecord{"a/one": {tt.partition: {Verified: tt.verified}}}}
			got, err := g.View(w).Freshness(one, tt.partition)
			require.NoError(t, err)
			require.Equal(t, tt.status, got.Status, got.Reason)
			due := ""
			if !got.Due.IsZero() {
				due = got.Due.UTC().Format(time.RFC3339)
			}
			require.Equal(t, tt.due, due)
		})
	}
}

// TestReachSeesWhatAViewSees holds the short ways, which look at single partitions, against the long ones.
func TestReachSeesWhatAViewSees(t *testing.T) {
	t.Parallel()
	const zone = "America/Sao_Paulo"
	hours, days := asset.Hourly("hour", zone, "2018-10-30"), asset.Daily("day", zone, "2018-10-31")
	weeks := asset.Windows("week", asset.Window{Cron: "0 0 * * 1", Zone: zone, Start: "2018-10-29", Layout: asset.DayLayout, Ahead: 2})
	letters := shelf("letter")
	mapped := func(key asset.Key, set *asset.Partitions, dep asset.Key, m asset.Mapping) *asset.Asset {
		s := making(key, set)
		s.Deps = []asset.Dep{{Key: dep, Mapping: m}}
		return asset.New(s)
	}
	assets := []*asset.Asset{
		asset.New(spec("a/hour", hours)), asset.New(spec("a/day", days)), asset.New(spec("a/letter", letters)),
		mapped("a/hourly", days, "a/hour", nil), mapped("a/past", days, "a/day", asset.Overlapping(-6, 0)), mapped("a/future", hours, "a/day", asset.Overlapping(-30, 2)),
		mapped("a/week", weeks, "a/day", nil), mapped("a/back", days, "a/week", asset.Overlapping(-3, 1)), mapped("a/same", letters, "a/letter", nil), mapped("a/all", asset.Single(), "a/letter", nil),
	}
	g, err := asset.NewGraph(assets...)
	require.NoError(t, err)
	now := time.Date(2018, 11, 12, 15, 20, 0, 0, time.UTC) // a change of the clock is within
	known := []asset.Partition{{Key: "a"}, {Key: "b"}}
	view := g.View(asset.GraphState{Now: now, Partitions: map[string][]asset.Partition{"letter": known}})
	reach := g.PartitionDeps(now, func(string) ([]asset.Partition, error) { return known, nil })
	has := func(_, key string) bool { return key == "a" || key == "b" }
	for _, a := range g.All() {
		for _, dep := range a.Deps {
			up, err := g.Get(dep.Key)
			require.NoError(t, err)
			for _, p := range view.Keys(a).All() {
				want, err := view.Upstream(a, p.Key, dep.Key)
				require.NoError(t, err)
				got, err := reach.Upstream(a, p.Key, dep.Key)
				require.NoError(t, err)
				require.ElementsMatch(t, want, got, "%s[%s]", a.Key, p.Key)
			}
			for _, p := range view.Keys(up).All() {
				want, err := view.Downstream(a, dep.Key, p.Key)
				require.NoError(t, err)
				got, err := reach.Downstream(a, dep.Key, p.Key)
				require.NoError(t, err)
				require.ElementsMatch(t, want, got, "%s downstream of %s[%s]", a.Key, dep.Key, p.Key)
			}
		}
		for _, p := range view.Keys(a).All() {
			require.True(t, a.Partitions.Has(p.Key, now, has), "%s[%s]", a.Key, p.Key)
		}
		require.False(t, a.Partitions.Has("z", now, has))
		if a.Partitions.Windowed() {
			before := now.Add(-50 * time.Hour)
			appeared, err := reach.Appeared(a.Partitions, before, now, nil)
			require.NoError(t, err)
			var names []string
			for _, p := range a.Partitions.Keys(nil, now).All() {
				if a.Partitions.Keys(nil, before).Index(p.Key) < 0 {
					names = append(names, p.Key)
				}
			}
			require.Equal(t, names, appeared, a.Key)
		}
	}
}
