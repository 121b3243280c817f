package runs

import (
	"io"
	"strconv"
	"time"

	"drugslm/internal/cli/output"
	"drugslm/workflows"
)

// PrintResult is the closing table of a run: assets × partitions.
func PrintResult(w io.Writer, r workflows.MaterializeResult) error {
	if len(r.Steps) == 0 {
		return nil
	}
	rows := make([][]string, 0, len(r.Steps)+1)
	var items, absent, kept int
	var count, bytes int64
	for _, s := range r.Steps {
		outcome := "unchanged"
		switch {
		case s.Error != "":
			outcome = s.Error
		case s.Changed:
			outcome = "published"
		}
		rows = append(rows, []string{
			string(s.Asset), s.Partition.Key, s.Partition.Label, strconv.Itoa(s.Discovered), strconv.FormatInt(s.Rows, 10),
			strconv.Itoa(s.Absent), strconv.Itoa(s.Quarantined), output.Size(s.Bytes), s.Took.Round(10 * time.Millisecond).String(), outcome,
		})
		items, absent, kept = items+s.Discovered, absent+s.Absent, kept+s.Quarantined
		count, bytes = count+s.Rows, bytes+s.Bytes
	}
	rows = append(rows, []string{"total", "", "", strconv.Itoa(items), strconv.FormatInt(count, 10), strconv.Itoa(absent), strconv.Itoa(kept), output.Size(bytes), "", ""})
	return output.Table(w, []string{"ASSET", "PARTITION", "NAME", "ITEMS", "ROWS", "ABSENT", "QUARANTINED", "BYTES", "TIME", "OUTCOME"}, rows)
}
