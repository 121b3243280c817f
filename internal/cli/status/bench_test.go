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

// BenchmarkStatus prints how everything stands, as JSON and as text: with 1,000,000 items in the portal's twelve categories
// and in 25,000 partitions of each of the four assets, and with one item in each of these 100,000 partitions. The tables are
// empty, so that every file that the ledger knows is missing: the most that there is to compare. In short mode there are few items.
func BenchmarkStatus(b *testing.B) {
	sizes := []struct{ partitions, items int }{{12, 1_000_000}, {25_000, 1_000_000}, {25_000, 100_000}}
	if testing.Short() {
		sizes = sizes[:1]
		sizes[0].items = 1000
	}
	for _, size := range sizes {
		data := b.TempDir()
		clitest.FillLedger(b, data, size.partitions, size.items)
		for _, form := range []string{"json", "text"} {
			b.Run(fmt.Sprintf("%dx4/%d/%s", size.partitions, size.items, form), func(b *testing.B) {
				for range b.N {
					var complaints bytes.Buffer
					require.Zero(b, cli.Run(b.Context(), []string{"status", "-o", form, "--data", data}, io.Discard, &complaints), "%s", &complaints)
				}
			})
		}
	}
}
