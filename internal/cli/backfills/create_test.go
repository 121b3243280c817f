package backfills

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

func TestWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		state, asked ledger.BackfillState
		says         string // "": it is as asked
	}{
		{"succeeds when it completed", ledger.BackfillCompleted, ledger.BackfillCompleted, ""},
		{"fails when a step failed", ledger.BackfillFailed, ledger.BackfillCompleted, "june failed"},
		{"fails when somebody else canceled it", ledger.BackfillCanceled, ledger.BackfillCompleted, "backfill retry june --canceled"},
		{"succeeds when the cancel it is of came about", ledger.BackfillCanceled, ledger.BackfillCanceled, ""},
		{"succeeds when it had completed before it could be canceled", ledger.BackfillCompleted, ledger.BackfillCanceled, ""},
		{"fails when a step failed before it could be canceled", ledger.BackfillFailed, ledger.BackfillCanceled, "june failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := ended(ledger.Backfill{ID: "june", State: tt.state}, tt.asked)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestDerivedID(t *testing.T) {
	t.Parallel()
	t.Run("is the same for the same request", derivedIDIsSameForSameRequest)
}

func derivedIDIsSameForSameRequest(t *testing.T) {
	t.Parallel()
	id := derivedID(activities.BackfillRequest{Select: []string{"+anvisa/extract", "tag:x"}, Partitions: []string{"1", "2"}})
	require.Regexp(t, `^anvisa-extract-tag-x-[0-9a-f]{8}$`, id)
	require.NoError(t, checkBackfillID(id))
	require.Equal(t, id, derivedID(activities.BackfillRequest{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1", "2"}}))
	for _, other := range []activities.BackfillRequest{
		{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1"}},
		{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1", "2"}, Filter: asset.Without},
		{Select: []string{"anvisa/extract tag:x"}, Partitions: []string{"1", "2"}},
	} {
		require.NotEqual(t, id, derivedID(other))
	}
	require.NoError(t, checkBackfillID(derivedID(activities.BackfillRequest{Select: []string{"*"}})))
	require.NoError(t, checkBackfillID(derivedID(activities.BackfillRequest{Select: []string{strings.Repeat("long/", 30)}})))
}
