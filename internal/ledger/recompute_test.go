package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRecompute says which items can be made from the row they have: only those whose row is of their present fingerprint.
func TestRecompute(t *testing.T) {
	t.Parallel()
	sync := func(code, fingerprint string, mode Mode) func(context.Context, *Ledger, string) error {
		return func(ctx context.Context, l *Ledger, run string) error {
			return syncNext(ctx, l, recomputing(run, code, fingerprint, mode))
		}
	}
	outcome := func(state State) func(context.Context, *Ledger, string) error {
		return func(ctx context.Context, l *Ledger, run string) error {
			last, err := l.Generation(ctx, "a", "p")
			if err != nil {
				return err
			}
			return l.RecordOutcomes(ctx, Token{Asset: "a", Partition: "p", Run: last.Run, Generation: last.Number}, []Outcome{{ID: "x", State: state, Staged: map[State]string{Staged: run}[state], Kind: "corrupt", Reason: "truncated"}})
		}
	}
	publish := func(ctx context.Context, l *Ledger, run string) error {
		paths, _, err := l.StagedFiles(ctx, "a", "p")
		if err != nil {
			return err
		}
		moves := Moves{Rewritten: map[string]string{}}
		for _, path := range paths {
			moves.Added = append(moves.Added, DataFile{Path: path})
		}
		if moves.Dropped, err = l.Superseded(ctx, "a", "p"); err != nil {
			return err
		}
		for old := range moves.Dropped {
			moves.Rewritten[old] = ""
		}
		id, err := l.BeginPublish(ctx, Materialization{Asset: "a", Partition: "p", Run: run, Moves: moves})
		if err != nil {
			return err
		}
		return l.FinishPublish(ctx, id, 1, 1, 1)
	}
	type step = func(context.Context, *Ledger, string) error
	published := []step{sync("1", "f", Missing), outcome(Staged), publish}
	after := func(more ...step) []step { return append(append([]step{}, published...), more...) }
	tests := []struct {
		name  string
		steps []step
		code  string
		print string
		mode  Mode
		want  bool
	}{
		{"never made", nil, "2", "f", Missing, false},
		{"published, the code is newer", published, "2", "f", Missing, true},
		{"published, the source changed", published, "1", "g", Missing, false},
		{"published, both changed", published, "2", "g", Missing, false},
		{"forced, the code is newer", published, "2", "f", Force, false},
		{"left over by a run for the code", after(sync("2", "f", Missing)), "2", "f", Missing, true},
		{"left over by a run for the code, which is newer still", after(sync("2", "f", Missing)), "3", "f", Missing, true},
		{"left over by a run for the source, then the code is newer", after(sync("1", "g", Missing)), "2", "g", Missing, false},
		{"staged for the source, then the code is newer", after(sync("1", "g", Missing), outcome(Staged)), "2", "g", Missing, false},
		{"left over by a forced run", after(sync("1", "f", Force)), "1", "f", Missing, false},
		{"quarantined, its row is still there", after(sync("1", "g", Missing), outcome(Quarantined)), "2", "g", Missing, false},
		{"quarantined, its row is gone", after(sync("1", "g", Missing), outcome(Quarantined), publish), "2", "g", Missing, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := openInside(t, filepath.Join(t.TempDir(), "ledger.db"))
			for i, do := range tt.steps {
				require.NoError(t, do(t.Context(), l, fmt.Sprint("run-", i)))
			}
			e := recomputing("last", tt.code, tt.print, tt.mode)
			preview, err := l.Preview(t.Context(), e)
			require.NoError(t, err)
			require.Len(t, preview.Todo, 1)
			require.Equal(t, tt.want, preview.Todo[0].CodeOnly)
			require.NoError(t, syncNext(t.Context(), l, e))
			batch, err := l.Batch(t.Context(), "a", "p", "last", 1)
			require.NoError(t, err)
			require.Equal(t, tt.want, batch[0].CodeOnly, "as it was told before")
		})
	}
}

// syncNext syncs as somebody who has just asked which generation there is.
func syncNext(ctx context.Context, l *Ledger, e Enumeration) error {
	last, err := l.Generation(ctx, e.Asset, e.Partition)
	if err != nil {
		return err
	}
	e.Generation = last.Number
	_, err = l.SyncItems(ctx, e)
	return err
}

func recomputing(run, code, fingerprint string, mode Mode) Enumeration {
	return Enumeration{Asset: "a", Partition: "p", Run: run, CodeVersion: code, Mode: mode, Items: func(yield func(Item, error) bool) {
		yield(Item{ID: "x", Fingerprint: fingerprint}, nil)
	}}
}
