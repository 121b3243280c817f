package status_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

// BenchmarkStatus prints how everything stands, of a ledger with 1,000,000 items: in the portal's twelve categories,
// and in 25,000 partitions of each of the four assets.
func BenchmarkStatus(b *testing.B) {
	for _, partitions := range []int{12, 25_000} {
		b.Run(fmt.Sprint(partitions), func(b *testing.B) {
			data := b.TempDir()
			clitest.FillLedger(b, data, partitions, 1_000_000)
			b.ResetTimer()
			for range b.N {
				var complaints bytes.Buffer
				require.Zero(b, cli.Run(b.Context(), []string{"status", "-o", "json", "--data", data}, io.Discard, &complaints), "%s", &complaints)
			}
		})
	}
}
