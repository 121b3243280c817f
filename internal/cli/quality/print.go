package quality

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drugslm/internal/cli/output"
	"drugslm/internal/quality"
)

// printQuality prints a report for people: partitions, sections, what is kept back, the worst.
func printQuality(w io.Writer, r quality.Report) error {
	if r.Total.Documents == 0 && r.Total.Quarantined == 0 {
		_, err := io.WriteString(w, "No document has been read yet: starter materialize +anvisa/extract\n")
		return err
	}
	if err := printPartitions(w, r); err != nil {
		return err
	}
	if err := printSections(w, r.Total); err != nil {
		return err
	}
	if err := printQuarantine(w, r.Total.Quarantine); err != nil {
		return err
	}
	return printWorst(w, r.Worst)
}

func printPartitions(w io.Writer, r quality.Report) error {
	var rows [][]string
	for _, s := range append(slices.Clone(r.Partitions), r.Total) {
		if s.Documents == 0 && s.Quarantined == 0 && s.Partition != "" {
			continue // the source has categories of which it has nothing
		}
		rows = append(rows, []string{
			cmp.Or(s.Partition, "total"), output.Plain(s.Name), strconv.Itoa(s.Documents), strconv.Itoa(s.Leaflets), percent(s.CompleteShare),
			strconv.Itoa(s.OutOfOrder), spread(s.CharactersPerPage, "%.0f"), percent(s.UnreadableShare), percent(s.OCRShare), percent(s.NeedsOCRShare),
			disagreements(s), strconv.Itoa(s.Quarantined), spread(s.Score, "%.0f"),
		})
	}
	header := []string{
		"PARTITION", "NAME", "DOCUMENTS", "LEAFLETS", "ALL SECTIONS", "OUT OF ORDER", "CHARACTERS A PAGE", "UNREADABLE", "OCR", "NEEDS OCR",
		"DISAGREE", "QUARANTINED", "SCORE",
	}
	if last := rows[len(rows)-1]; last[1] == "total" {
		last[1] = ""
	}
	return output.Table(w, header, rows)
}

// percent writes a share. One that is not all never reads as 100 %, and one that is not nothing never as 0 %.
func percent(share *float64) string {
	if share == nil {
		return "–"
	}
	switch p := 100 * *share; {
	case p > 0 && p < 0.01:
		return "<0.01 %"
	case p > 99.99 && p < 100:
		return "99.99 %"
	default:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	}
}

// spread writes the middle and the ends.
func spread(s quality.Spread, format string) string {
	if s.Median == nil {
		return "–"
	}
	return fmt.Sprintf(format+" ("+format+"–"+format+")", *s.Median, *s.P5, *s.P95)
}

// disagreements is how many values of the catalog are printed otherwise, of how many that were compared.
func disagreements(s quality.Summary) string {
	compared, disagree := s.Comparisons()
	if compared == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", disagree, compared)
}

func printSections(w io.Writer, s quality.Summary) error {
	output.Writef(w, "\nkinds: %s\npages: %s\nwords: %d, of which %d (%s) in no section and %d (%s) dropped: %s\n", tally(s.Kinds), tally(s.PagesBySource),
		s.Words, s.WordsOutside, percent(s.OutsideShare), s.WordsDropped, percent(s.DroppedShare), tally(s.DroppedByReason))
	if len(s.Sections) == 0 {
		return nil
	}
	output.Writeln(w)
	rows := make([][]string, len(s.Sections))
	for i, one := range s.Sections {
		median := ""
		if one.Median != nil {
			median = strconv.FormatFloat(*one.Median, 'f', 0, 64)
		}
		rows[i] = []string{one.ID, strconv.Itoa(one.Found), strconv.Itoa(one.Asked), percent(one.Share), median}
	}
	return output.Table(w, []string{"SECTION", "FOUND", "OF", "SHARE", "CHARACTERS"}, rows)
}

// tally writes counters, the largest first.
func tally(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = fmt.Sprintf("%d %s", counts[name], output.Plain(name))
	}
	return cmp.Or(strings.Join(words, ", "), "none")
}

func printQuarantine(w io.Writer, kept []quality.Quarantine) error {
	if len(kept) == 0 {
		return nil
	}
	output.Writeln(w)
	const shown = 20
	rows := make([][]string, 0, shown)
	for _, q := range kept[:min(len(kept), shown)] {
		rows = append(rows, []string{strconv.Itoa(q.Items), q.Asset, q.Kind, output.Plain(q.Reason), output.Plain(q.Example)})
	}
	if err := output.Table(w, []string{"QUARANTINED", "ASSET", "KIND", "REASON", "SUCH AS"}, rows); err != nil || len(kept) <= shown {
		return err
	}
	_, err := output.Writef(w, "%d more reasons: starter items --state quarantined\n", len(kept)-shown)
	return err
}

func printWorst(w io.Writer, worst []quality.Document) error {
	if len(worst) == 0 {
		return nil
	}
	output.Writeln(w)
	var rows [][]string
	for _, d := range worst {
		for i, reason := range d.Reasons {
			row := []string{" ", " ", " ", "−" + strconv.FormatFloat(reason.Cost, 'f', -1, 64), output.Plain(reason.Text)}
			if i == 0 {
				row[0], row[1], row[2] = strconv.FormatFloat(d.Score, 'f', -1, 64), output.Plain(d.Item), output.Plain(d.Name)
			}
			rows = append(rows, row)
		}
	}
	if err := output.Table(w, []string{"SCORE", "ITEM", "NAME", "COSTS", "REASON"}, rows); err != nil {
		return err
	}
	_, err := output.Writef(w, "\nLook at one, page by page: starter items view %s\n", output.Plain(worst[0].Item))
	return err
}
