package status

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
	"drugslm/internal/ledger"
)

// printStatus prints a line for each asset, and below the partitions that are listed.
func printStatus(w io.Writer, v api.Status, said listing) error {
	for _, wait := range v.Waiting {
		if _, err := output.Writef(w, "run %s asks for the partitions of %q: %s\n", wait.RunID, wait.Partition, output.Wait(wait)); err != nil {
			return err
		}
	}
	if said.asked && len(v.Assets) == 0 {
		_, err := output.Writeln(w, "No partition has this status.")
		return err
	}
	if !touched(v) {
		_, err := io.WriteString(w, "Nothing has been materialized yet: starter materialize '*'\n")
		return err
	}
	if err := printAssets(w, v); err != nil {
		return err
	}
	if err := printPartitions(w, v, said); err != nil || v.Next == "" {
		return err
	}
	_, err := output.Writef(w, "\nThere are more: --after '%s'\n", v.Next)
	return err
}

// touched reports whether anything was ever tried, or is under way.
func touched(v api.Status) bool {
	for _, s := range v.Assets {
		if s.States[asset.Missing] < s.Total || len(s.Attempts) > 0 {
			return true
		}
		for i := range s.Partitions {
			if !untouched(&s.Partitions[i]) {
				return true
			}
		}
	}
	return false
}

func untouched(p *api.PartitionStatus) bool {
	return p.Version == nil && p.Items == api.ItemCounts{} && p.Waiting == nil && p.Attempt == nil
}

// printAssets prints the line of each asset: how many of its partitions are fresh, and what the others are.
func printAssets(w io.Writer, v api.Status) error {
	name, fresh := 0, 0
	for _, s := range v.Assets {
		name, fresh = max(name, utf8.RuneCountInString(string(s.Asset))), max(fresh, len(freshOf(s)))
	}
	for _, s := range v.Assets {
		line := fmt.Sprintf("%s  %s", padded(string(s.Asset), name), padded(freshOf(s), fresh))
		rest := strings.Join(notesOf(s), "; ")
		if rest != "" && utf8.RuneCountInString(line)+2+len(rest) > output.Width {
			line, rest = strings.TrimRight(line, " ")+"\n", output.Wrap("    ", rest)
		} else {
			line += "  "
		}
		if _, err := output.Writef(w, "%s\n", output.Prose(strings.TrimRight(line+rest, " "))); err != nil {
			return err
		}
	}
	return nil
}

func freshOf(s api.AssetStatus) string {
	if s.Total == 0 {
		return "no partition is known yet"
	}
	return fmt.Sprintf("%s/%s fresh", humanize.Comma(int64(s.States[asset.Fresh])), humanize.Comma(int64(s.Total)))
}

// notesOf say what is not as it should be: the states of what is published, then the last attempts, then items and time.
func notesOf(s api.AssetStatus) (notes []string) {
	number := func(n int, what string) string { return humanize.Comma(int64(n)) + " " + what }
	var states, attempts []string
	for _, state := range asset.States() {
		if n := s.States[state]; n > 0 && state != asset.Fresh {
			states = append(states, number(n, string(state)))
		}
	}
	for _, state := range ledger.AttemptStates() {
		if n := s.Attempts[state]; n > 0 && state != ledger.AttemptSucceeded {
			attempts = append(attempts, number(n, string(state)))
		}
	}
	if len(states) > 0 {
		notes = append(notes, strings.Join(states, ", "))
	}
	if len(attempts) > 0 {
		notes = append(notes, "last attempt: "+strings.Join(attempts, ", "))
	}
	if s.Quarantined > 0 {
		notes = append(notes, "quarantined items in "+humanize.Comma(int64(s.Quarantined)))
	}
	if s.Overdue > 0 {
		notes = append(notes, number(s.Overdue, "overdue"))
	}
	return notes
}

// line is one partition, or a range of partitions that follow each other and are alike.
type line struct {
	asset api.AssetStatus
	api.PartitionStatus
	count  int
	differ bool // their reasons do
}

// lines puts partitions together that follow each other and differ in nothing that has to be looked at. Those that are no
// windows of time have names, and reasons of their own: they are put together where these are the same, and no detail of
// each is wanted.
func lines(v api.Status, said listing) (all []line) {
	for _, s := range v.Assets {
		of := s.Partitions
		for _, span := range asset.Spans(len(of), func(i int) bool {
			before, p := &of[i-1], &of[i]
			return alike(before, p) && s.Set.Follows(before.Partition, p.Partition) && (s.Windowed || !said.details && sameReasons(before, p) && needsLook(p))
		}) {
			l := line{asset: s, PartitionStatus: of[span.First], count: span.Len()}
			for i := span.First + 1; i <= span.Last; i++ {
				l.differ = l.differ || !sameReasons(&of[span.First], &of[i])
			}
			if l.count > 1 {
				l.Partition = asset.RangeText(l.Partition, of[span.Last].Partition)
				l.Label = counted(l.count, map[bool]string{true: "window", false: "partition"}[s.Windowed])
			}
			all = append(all, l)
		}
	}
	return all
}

func sameReasons(a, b *api.PartitionStatus) bool {
	return a.Reason == b.Reason && reasonOf(a.Attempt) == reasonOf(b.Attempt)
}

// needsLook reports whether more is to be said of a partition than its version.
func needsLook(p *api.PartitionStatus) bool {
	return p.State != asset.Fresh || p.Attempt == nil || p.Attempt.State != ledger.AttemptSucceeded
}

// alike reports whether two partitions can be shown as one line.
func alike(a, b *api.PartitionStatus) bool {
	state := func(p *api.PartitionStatus) (ledger.AttemptState, string) {
		if p.Attempt == nil {
			return "", ""
		}
		return p.Attempt.State, p.Attempt.Kind
	}
	stateA, kindA := state(a)
	stateB, kindB := state(b)
	alone := func(p *api.PartitionStatus) bool {
		return quarantined(p) > 0 || p.Waiting != nil || len(p.Foreign) > 0 || stateA.Open() && stateA != ledger.AttemptQueued
	}
	return a.State == b.State && a.Axis == b.Axis && stateA == stateB && kindA == kindB && a.Freshness == b.Freshness && !alone(a) && !alone(b)
}

func reasonOf(a *api.Attempt) string {
	if a == nil {
		return ""
	}
	return a.Reason
}

// printPartitions prints the partitions, each with its explanation below.
func printPartitions(w io.Writer, v api.Status, said listing) error {
	all := lines(v, said)
	if len(all) == 0 {
		return nil
	}
	rows := [][]string{{"PARTITION", "NAME", "STATE", "LAST ATTEMPT", "VERSION", "ROWS"}}
	for _, l := range all {
		rows = append(rows, l.cells())
	}
	width := widths(rows)
	if _, err := output.Writeln(w); err != nil {
		return err
	}
	for i, row := range rows {
		text := ""
		for j, columns := range width {
			text += padded(output.Cut(row[j], columns), columns) + "  "
		}
		text = strings.TrimRight(text, " ") + "\n"
		if i > 0 {
			for _, why := range all[i-1].why(said) {
				text += output.Wrap("  ", why) + "\n"
			}
		}
		if _, err := output.Writef(w, "%s", output.Prose(text)); err != nil {
			return err
		}
	}
	return nil
}

// widths gives the columns that are shown their widths. If all do not fit, version and rows are left to the details; if
// that is not enough, names are cut.
func widths(rows [][]string) []int {
	const name, least, between = 1, 12, 2
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	total := func() (sum int) {
		for _, columns := range width {
			sum += columns + between
		}
		return sum - between
	}
	excess := func() int { return max(0, total()-output.Width) }
	if width[name]-excess() < min(width[name], least) {
		width = width[:len(width)-2]
	}
	width[name] = max(min(width[name], least), width[name]-excess())
	return width
}

// cells are a line of the table.
func (l line) cells() []string {
	version, rows, attempt := "–", "–", "–"
	if l.Version != nil && l.count == 1 {
		version, rows = strconv.FormatInt(*l.Version, 10), strconv.FormatInt(l.Rows, 10)
	}
	if l.Attempt != nil {
		attempt = string(l.Attempt.State)
	}
	return []string{output.Plain(fmt.Sprintf("%s[%s]", l.asset.Asset, l.Partition)), output.OrDash(output.Plain(l.Label)), string(l.State), attempt, version, rows}
}

// padded is a text with blanks up to a width.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
