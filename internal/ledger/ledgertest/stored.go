package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

func stored(t *testing.T, l *ledger.Ledger) {
	ctx := t.Context()
	bytes, err := l.Stored(ctx, "r1")
	require.NoError(t, err)
	require.Zero(t, bytes)
	require.NoError(t, l.AddStored(ctx, "r1", 5))
	require.NoError(t, l.AddStored(ctx, "r2", 1))
	require.NoError(t, l.AddStored(ctx, "r1", 1<<40))
	bytes, err = l.Stored(ctx, "r1")
	require.NoError(t, err)
	require.EqualValues(t, 1<<40+5, bytes)
}
