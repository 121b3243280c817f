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
// and in 100,000 partitions of six assets, and with one item in each of these. The last is also
// shown with tables that are gone, so that every partition was changed by others: the most that there is to compare and to
// print. In short mode there are few items.
func BenchmarkStatus(b *testing.B) {
	sizes := []struct {
		partitions, items int
		gone              bool
	}{{12, 1_000_000, false}, {16_667, 1_000_000, false}, {16_667, 100_000, false}, {16_667, 100_000, true}}
	if testing.Short() {
		sizes = sizes[:1]
		sizes[0].items = 1000
	}
	for _, size := range sizes {
		data := b.TempDir()
		clitest.FillLedger(b, data, size.partitions, size.items)
		tables := "gone"
		if !size.gone {
			clitest.FillTables(b, data)
			tables = "whole"
		}
		for _, form := range []string{"json", "text"} {
			b.Run(fmt.Sprintf("%dx6/%d/%s/%s", size.partitions, size.items, tables, form), func(b *testing.B) {
				for range b.N {
					var complaints bytes.Buffer
					require.Zero(b, cli.Run(b.Context(), []string{"status", "-o", form, "--data", data}, io.Discard, &complaints), "%s", &complaints)
				}
			})
		}
	}
}
