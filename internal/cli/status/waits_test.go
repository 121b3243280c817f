package status

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

func TestWaits(t *testing.T) {
	t.Parallel()
	t.Run("show the run that holds the partition", waitsShowRunThatHoldsPartition)
}

func waitsShowRunThatHoldsPartition(t *testing.T) {
	t.Parallel()
	busy := ledger.Wait{Asset: "a/b", Partition: "5", Run: "r2", Kind: "busy"}
	refused := ledger.Wait{Asset: "a/b", Partition: "5", Run: "r1", Kind: "refused"}
	for _, order := range [][]ledger.Wait{{busy, refused}, {refused, busy}} {
		require.Equal(t, refused, waitsByPartition(order)[ledger.PartitionRef{Asset: "a/b", Partition: "5"}])
	}
}
