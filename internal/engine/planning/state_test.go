package planning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

func TestAttempts(t *testing.T) {
	t.Parallel()
	t.Run("have the same words in plans and in the ledger", func(t *testing.T) {
		t.Parallel()
		var stored []asset.Attempt
		for _, state := range ledger.AttemptStates() {
			stored = append(stored, asset.Attempt(state))
		}
		require.Equal(t, stored, asset.Attempts())
	})
}
