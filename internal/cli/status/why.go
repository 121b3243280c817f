package status

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
	"drugslm/internal/ledger"
)

// why says in sentences what the cells of a line say in words.
func (l line) why(said listing) (sentences []string) {
	more := ""
	if l.differ {
		more = fmt.Sprintf(" (the first of %d; the others have other reasons)", l.count)
	}
	if l.State != asset.Fresh && (l.State != asset.Missing || l.Items.Pending > 0) || said.details {
		sentences = append(sentences, string(l.State)+": "+l.Reason+more)
	}
	switch {
	case l.Waiting != nil:
		sentences = append(sentences, fmt.Sprintf("%s, in run %s", output.Wait(*l.Waiting), l.Waiting.RunID))
	case l.Attempt != nil && (l.Attempt.State != ledger.AttemptSucceeded || said.details):
		sentences = append(sentences, attemptSentence(*l.Attempt)+more)
	}
	if n := l.Items.Quarantined; n > 0 && (quarantined(&l.PartitionStatus) > 0 || said.details) {
		sentences = append(sentences, fmt.Sprintf("%s%s: starter items %s --partition %s --state quarantined", counted(n, "quarantined item"), waived(l.Items), l.asset.Asset, quoted(l.Partition)))
	}
	if l.Freshness == asset.FreshnessOverdue && l.Due != nil {
		sentences = append(sentences, "overdue since "+output.WhenAt(l.Due))
	}
	if said.details && l.count == 1 {
		sentences = append(sentences, l.details()...)
	}
	return sentences
}

// attemptSentence says how an attempt ended, or how far it is.
func attemptSentence(a api.Attempt) string {
	text := fmt.Sprintf("last attempt %s", a.State)
	switch {
	case a.State == ledger.AttemptQueued:
		return "queued by run " + a.RunID
	case a.State == ledger.AttemptRunning:
		return fmt.Sprintf("running since %s, in run %s", output.WhenAt(a.Started), a.RunID)
	case a.State == ledger.AttemptWaiting && a.Until != nil:
		text = "waiting until " + output.WhenAt(a.Until)
	case a.State == ledger.AttemptWaiting:
		text = "waiting until somebody acts"
	case a.Finished != nil:
		text += " at " + output.WhenAt(a.Finished)
	}
	text += ", in run " + a.RunID
	if a.Reason != "" {
		text += ": " + strings.TrimPrefix(a.Reason, string(a.State)+": ")
	}
	return text
}

// details say what is known of a partition besides.
func (l line) details() (sentences []string) {
	if l.Version != nil {
		sentences = append(sentences, fmt.Sprintf("published %s, in run %s: version %d, %s, %s; found right %s", output.WhenAt(l.MaterializedAt), l.RunID,
			*l.Version, counted(int(l.Rows), "row"), output.Size(l.Bytes), output.WhenAt(l.VerifiedAt)))
	}
	if l.Items.Discovered > 0 {
		sentences = append(sentences, fmt.Sprintf("%s: %s published, %s absent, %s quarantined%s, %s pending", counted(l.Items.Discovered, "item"),
			comma(l.Items.Published), comma(l.Items.Absent), comma(l.Items.Quarantined), waived(l.Items), comma(l.Items.Pending)))
	}
	if l.Freshness != "" && l.Freshness != asset.FreshnessOverdue {
		due := "; when it becomes overdue is not known"
		if l.Due != nil {
			due = " until " + output.WhenAt(l.Due)
		}
		sentences = append(sentences, "promised freshness: "+string(l.Freshness)+due)
	}
	return sentences
}

func waived(c api.ItemCounts) string {
	if c.Waived == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s waived)", comma(c.Waived))
}

func comma(n int) string { return humanize.Comma(int64(n)) }

// counted is a number of things, in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return comma(n) + " " + thing + "s"
}

// quoted is an argument for a shell.
func quoted(arg string) string {
	if strings.ContainsAny(arg, " \t|&;<>()$`\\\"'*?[]#~=%") || arg == "" {
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return arg
}
