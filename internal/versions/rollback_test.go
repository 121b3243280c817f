package versions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// returned is what a plan says of a partition, for comparison.
type returned struct {
	From, To, Maker, RowsNow, RowsThen      int64
	Same, Older, Returning, Pending, Joined int
	Unchanged                               bool
}

func of5(r RollbackPlan) returned {
	return returned{r.From, r.To, r.Maker, r.RowsNow, r.RowsThen, r.Same, r.Older, r.ItemsBack, r.Pending, r.FilesBack, r.Unchanged}
}

func TestPlanRollback(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		days []texts // what partition 5 holds, version by version
		to   int64
		want returned
	}{
		"to the version that readers see": {
			[]texts{{"a": "1"}, {"a": "2"}}, 1, returned{From: 1, To: 1, Maker: 1, RowsNow: 1, RowsThen: 1, Unchanged: true},
		},
		"a changed row is an older one": {
			[]texts{{"a": "1"}, {"a": "2"}}, 0, returned{From: 1, RowsNow: 1, RowsThen: 1, Older: 1, Joined: 1},
		},
		"a row that only moved to another file is the same": {
			[]texts{{"a": "1", "b": "1"}, {"a": "2", "b": "1"}}, 0, returned{From: 1, RowsNow: 2, RowsThen: 2, Same: 1, Older: 1, Joined: 1},
		},
		"a row that came later becomes pending": {
			[]texts{{"a": "1"}, {"a": "1", "b": "1"}}, 0, returned{From: 1, RowsNow: 2, RowsThen: 1, Pending: 1},
		},
		"a row that is gone comes back": {
			[]texts{{"a": "1", "b": "1"}, {"a": "1"}}, 0, returned{From: 1, RowsNow: 1, RowsThen: 2, Same: 1, Older: 1, Returning: 1, Joined: 1},
		},
		"over several versions": {
			[]texts{{"a": "1"}, {"a": "2"}, {"a": "2", "b": "1"}, {"b": "2"}}, 1, returned{From: 3, To: 1, Maker: 1, RowsNow: 1, RowsThen: 1, Older: 1, Returning: 1, Pending: 1, Joined: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, rows := range tt.days {
				s.publish("5", rows)
			}
			items, newest := s.items("5"), s.newest()
			planned, err := s.PlanRollback(t.Context(), s.made, tt.to, nil)
			require.NoError(t, err)
			require.Len(t, planned, 1)
			require.Equal(t, tt.want, of5(planned[0]))
			require.Nil(t, planned[0].Version, "nothing is done yet")
			require.Equal(t, newest, s.newest(), "a plan changes no table")
			require.Equal(t, items, s.items("5"), "and no item")

			done, err := s.Rollback(t.Context(), s.made, tt.to, nil, "back")
			require.NoError(t, err)
			require.Equal(t, tt.want, of5(done[0]), "what was planned is what is done")
			require.Equal(t, tt.days[tt.to], s.at(s.newest(), "5"), "readers see the rows of that version")
			if tt.want.Unchanged {
				require.Equal(t, newest, s.newest(), "and no version is made for nothing")
				return
			}
			require.Equal(t, newest+1, *done[0].Version)
			listed, err := s.List(t.Context(), s.made, nil, 1)
			require.NoError(t, err)
			require.Equal(t, OperationRollback, listed[0].Operation)
			require.Equal(t, "back", listed[0].RunID)
			s.publish("5", tt.days[len(tt.days)-1]) // the next run brings it forward again
		})
	}
}

func TestPlanRollbackOnePartition(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.publish("6", texts{"x": "1"})
	s.publish("5", texts{"a": "2"})
	s.publish("6", texts{"x": "2"})
	planned, err := s.PlanRollback(t.Context(), s.made, 1, []string{"Genérico"})
	require.NoError(t, err)
	require.Len(t, planned, 1)
	require.Equal(t, "5", planned[0].Partition)
	_, err = s.Rollback(t.Context(), s.made, 1, []string{"Genérico"}, "back")
	require.NoError(t, err)
	require.Equal(t, texts{"a": "1"}, s.at(s.newest(), "5"))
	require.Equal(t, texts{"x": "2"}, s.at(s.newest(), "6"))
	both, err := s.PlanRollback(t.Context(), s.made, 1, nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, []bool{both[0].Unchanged, both[1].Unchanged})
}

func TestRollbackItems(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"changed": "1", "gone": "1", "kept": "1"})
	s.publish("5", texts{"changed": "2", "kept": "1", "new": "1"})
	require.Equal(t, []string{"changed published", "gone absent", "kept published", "new published"}, s.states("5"))
	_, err := s.Rollback(t.Context(), s.made, 0, nil, "back")
	require.NoError(t, err)
	require.Equal(t, []string{"changed published", "gone published", "kept published", "new pending"}, s.states("5"))
	for _, e := range s.items("5") {
		require.Equal(t, e.ID == "kept", e.State == ledger.Published && e.Fingerprint != "", "%s: the next run finds a row changed that is an older one", e.ID)
	}
}

func TestPlanRollbackRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		to      int64
		of      []string
		prepare func(*fixture)
		err     string
	}{
		"a version that is not there":            {9, nil, nil, "has no version 9: it has 0 to 3"},
		"an unknown partition":                   {0, []string{"7"}, nil, `published partition "7" is unknown`},
		"a partition that was not published yet": {0, []string{"6"}, nil, "test/sheets[6] was not published yet at version 0"},
		"a version that was vacuumed":            {0, []string{"5"}, (*fixture).vacuum, "version 0 of test/sheets[5] can no longer be read"},
		"a partition with an open publish": {0, []string{"5"}, func(s *fixture) {
			_, err := s.Ledger.BeginPublish(s.t.Context(), ledger.Materialization{Asset: string(s.made.Key), Partition: "5", Run: "other", Started: s.now, Moves: ledger.Moves{Dropped: map[string][]string{}}})
			require.NoError(s.t, err)
		}, "test/sheets[5] has a publish open, which run other began at 2026-08-05T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.publish("5", texts{"a": "1"})
			s.publish("6", texts{"x": "1"})
			s.publish("5", texts{"a": "2"})
			s.publish("5", texts{"a": "3"})
			if tt.prepare != nil {
				tt.prepare(s)
			}
			_, err := s.PlanRollback(t.Context(), s.made, tt.to, tt.of)
			require.ErrorContains(t, err, tt.err)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.EqualValues(t, 3, s.newest(), "nothing is changed")
		})
	}
}
