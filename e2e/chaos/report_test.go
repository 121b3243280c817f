package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	t.Parallel()
	t.Run("is a table", reportIsTable)
}

func reportIsTable(t *testing.T) {
	t.Parallel()
	r := Report{
		Seed: 7, Done: map[Kind]int{KillWorker: 3, FillDisk: 1, CutHub: 3}, Skipped: map[Kind]string{CompactForeign: "no Python"},
		Runs: 5, Ended: 2, Requests: 900, PDFs: 80, Rows: 700, Took: 90 * time.Second,
	}
	require.Equal(t, 7, r.Disturbances())
	var b strings.Builder
	require.NoError(t, r.WriteTable(&b))
	require.Equal(t, `Seed 7: 7 disturbances in 1m30s, 5 runs begun under them (2 went well), 900 requests, 80 PDFs, 700 rows compared: nothing lost, nothing doubled, nothing fetched again.

| disturbance | times |
|---|---|
| cut the network to the hub | 3 |
| kill a worker | 3 |
| fill the disk | 1 |
| let a foreign writer compact a table | left out: no Python |
`, b.String())
}
