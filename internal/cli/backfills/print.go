package backfills

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
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

func printBackfill(w io.Writer, g *asset.Graph, v api.Backfill) error {
	output.Writef(w, "backfill   %s\nstate      %s\nselection  %s\npartitions %s\nfilter     %s\nsettings   at most %d under way, %s, priority %d\ncreated    %s\n",
		v.ID, v.State, v.Selection, output.OrAll(ranges(v.Partitions)), v.Filter, v.MaxInFlight, limitText(v.Rate), v.Priority, output.When(v.Created))
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
	if err := printListed(w, g, v.Listed); err != nil {
		return err
	}
	more := ""
	if len(v.Listed) < v.Matching {
		more = "; --limit lists more"
	}
	_, err := output.Writef(w, "\n%d of %d partitions are listed%s\n", len(v.Listed), v.Matching, more)
	return err
}

// ranges are partitions as they were asked for, with keys that follow each other as ranges.
func ranges(asked []string) (texts []string) {
	for _, span := range asset.Spans(len(asked), func(i int) bool {
		return !strings.Contains(asked[i-1]+asked[i], "..") && (*asset.Partitions)(nil).Follows(asked[i-1], asked[i])
	}) {
		texts = append(texts, asset.RangeText(asked[span.First], asked[span.Last]))
	}
	return texts
}

// printListed lists steps. Those that follow each other, and went alike, are one line with their sums.
func printListed(w io.Writer, g *asset.Graph, listed []api.BackfillStep) error {
	var rows [][]string
	for _, span := range asset.Spans(len(listed), func(i int) bool {
		before, s := listed[i-1], listed[i]
		made, err := g.Get(asset.Key(s.Asset))
		return err == nil && s.Asset == before.Asset && s.State == before.State && s.Attempts == before.Attempts && s.Error == before.Error &&
			made.Partitions.Follows(before.Partition, s.Partition)
	}) {
		s := listed[span.First]
		var items api.ItemCounts
		var count int64
		for _, one := range listed[span.First : span.Last+1] {
			count += one.Rows
			items.Published, items.Discovered = items.Published+one.Items.Published, items.Discovered+one.Items.Discovered
		}
		label := s.Label
		if span.Len() > 1 {
			label = strconv.Itoa(span.Len()) + " partitions"
		}
		rows = append(rows, []string{
			s.Asset, asset.RangeText(s.Partition, listed[span.Last].Partition), label, string(s.State), strconv.Itoa(s.Attempts), strconv.FormatInt(count, 10),
			stepItems(items), s.Error,
		})
	}
	return output.Table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "BEGUN", "ROWS", "ITEMS", "ERROR"}, rows)
}

func printAssetProgress(w io.Writer, v api.Backfill) error {
	header := []string{"ASSET"}
	for _, s := range ledger.StepStates() {
		header = append(header, strings.ToUpper(string(s)))
	}
	header = append(header, "CHANGED", "ROWS", "ITEMS", "ABSENT", "QUARANTINED", "PENDING")
	var rows [][]string
	for _, a := range v.Assets {
		row := []string{a.Asset}
		for _, s := range ledger.StepStates() {
			row = append(row, strconv.Itoa(a.Steps[s]))
		}
		rows = append(rows, append(row, strconv.Itoa(a.Changed), strconv.FormatInt(a.Rows, 10), strconv.Itoa(a.Items.Discovered),
			strconv.Itoa(a.Items.Absent), strconv.Itoa(a.Items.Quarantined), strconv.Itoa(a.Items.Pending)))
	}
	return output.Table(w, header, rows)
}

// stepItems are items in one word: published of discovered.
func stepItems(c api.ItemCounts) string { return fmt.Sprintf("%d/%d", c.Published, c.Discovered) }

func limitText(rate float64) string {
	if rate == 0 {
		return "no rate limit"
	}
	return fmt.Sprintf("%g per minute", rate)
}
