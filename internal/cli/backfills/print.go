package backfills

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/cli/output"
	"drugslm/internal/fault"
)

// advice says what a person can do about a kind of failure.
func advice(k fault.Kind) string {
	switch k {
	case fault.Layout:
		return "the source or a check is not as expected: look at the example, fix the cause, then retry"
	case fault.Invalid:
		return "what was asked for cannot work: look at the example; a retry alone will not help"
	case fault.NotFound:
		return "the source says there is none: a retry asks again"
	case fault.Refused, fault.Throttled:
		return "the source wants us to stay away: wait, or lower the rate, then retry"
	case fault.Session:
		return "browsers were lost: see that the hub answers, then retry"
	case fault.Unavailable:
		return "a server, the disk or the source was not there: see to it, then retry"
	case fault.Incomplete, fault.Corrupt:
		return "the source sent less than it should: retry later"
	default:
		return "look at the example and its trace, then retry"
	}
}

func printBackfill(w io.Writer, v api.Backfill) error {
	output.Writef(w, "backfill   %s\nstate      %s\nselection  %s\npartitions %s\nfilter     %s\nsettings   at most %d under way, %s, priority %d\ncreated    %s\n",
		v.ID, v.State, v.Selection, output.OrAll(v.Partitions), v.Filter, v.MaxInFlight, limitText(v.Rate), v.Priority, output.When(v.Created))
	if v.Finished != nil {
		output.Writef(w, "finished   %s, after %s\n", output.When(*v.Finished), v.Finished.Sub(v.Created).Round(10*time.Millisecond))
	}
	output.Writef(w, "pace       %.1f partitions per minute", v.PerMinute)
	if v.ETA != nil {
		output.Writef(w, ", done at about %s", output.When(*v.ETA))
	}
	output.Writef(w, "\n")
	for _, line := range [][2]string{{"error", v.Error}, {"trace", v.TraceID}, {"link", v.Link}} {
		if line[1] != "" {
			output.Writef(w, "%-10s %s\n", line[0], line[1])
		}
	}
	output.Writeln(w)
	if err := printAssetProgress(w, v); err != nil {
		return err
	}
	for _, f := range v.Failures {
		output.Writef(w, "\n%d failed, kind %s: %s\n  for example %s[%s]: %s\n", f.Steps, f.Kind, f.Advice, f.Example.Asset, f.Example.Partition, f.Example.Error)
	}
	if len(v.Waiting) > 0 {
		output.Writeln(w)
	}
	for _, waiting := range v.Waiting {
		output.Writef(w, "%s[%s] %s\n", waiting.Asset, waiting.Partition, output.Wait(waiting))
	}
	if len(v.Listed) == 0 {
		return nil
	}
	output.Writeln(w)
	rows := make([][]string, len(v.Listed))
	for i, s := range v.Listed {
		rows[i] = []string{s.Asset, s.Partition, s.Label, string(s.State), strconv.Itoa(s.Attempts), strconv.FormatInt(s.Rows, 10), stepItems(s), s.Error}
	}
	if err := output.Table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "BEGUN", "ROWS", "ITEMS", "ERROR"}, rows); err != nil {
		return err
	}
	more := ""
	if len(v.Listed) < v.Matching {
		more = "; --limit lists more"
	}
	_, err := output.Writef(w, "\n%d of %d partitions are listed%s\n", len(v.Listed), v.Matching, more)
	return err
}

func printAssetProgress(w io.Writer, v api.Backfill) error {
	header := []string{"ASSET"}
	for _, s := range stepStates {
		header = append(header, strings.ToUpper(string(s)))
	}
	header = append(header, "CHANGED", "ROWS", "ITEMS", "ABSENT", "QUARANTINED", "PENDING")
	var rows [][]string
	for _, a := range v.Assets {
		row := []string{a.Asset}
		for _, s := range stepStates {
			row = append(row, strconv.Itoa(a.Steps[s]))
		}
		rows = append(rows, append(row, strconv.Itoa(a.Changed), strconv.FormatInt(a.Rows, 10), strconv.Itoa(a.Items.Discovered),
			strconv.Itoa(a.Items.Absent), strconv.Itoa(a.Items.Quarantined), strconv.Itoa(a.Items.Pending)))
	}
	return output.Table(w, header, rows)
}

// stepItems are a partition's items in one word: published of discovered.
func stepItems(s api.BackfillStep) string {
	return fmt.Sprintf("%d/%d", s.Items.Published, s.Items.Discovered)
}

func limitText(rate float64) string {
	if rate == 0 {
		return "no rate limit"
	}
	return fmt.Sprintf("%g per minute", rate)
}
