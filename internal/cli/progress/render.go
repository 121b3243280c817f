package progress

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/cli/live"
	"drugslm/internal/cli/output"
	"drugslm/internal/ledger"
)

const (
	mostSteps = 20 // are shown at a time
	leastName = 12 // columns
)

// Render gives the lines that show a look: the steps under way, what is waited for, and the totals. It uses at most so
// many lines, at least three, of so many columns.
func Render(l Look, columns, lines int) []string {
	var below []string
	for _, set := range l.Sets {
		below = append(below, fmt.Sprintf("  partitions of %s: %s", set.Partition, output.Wait(set)))
	}
	for _, p := range l.Pauses {
		below = append(below, "  "+pauseText(p))
	}
	if pace := paceText(l); pace != "" {
		below = append(below, "  "+pace)
	}
	below = append(below, "  "+Totals(l)+elapsed(l))
	below = below[max(0, len(below)-lines):]

	shown := min(len(l.Open), mostSteps, lines-len(below))
	more := ""
	if left := len(l.Open) - shown; left > 0 {
		shown = max(0, min(shown, lines-len(below)-1))
		more = fmt.Sprintf("  and %d more", len(l.Open)-shown)
	}
	width := 0
	for _, s := range l.Open[:shown] {
		width = max(width, live.Width(live.Fit(s.name(), columns)))
	}
	width = min(width, max(leastName, columns/2))
	var all []string
	for _, s := range l.Open[:shown] {
		name := live.Fit(s.name(), width)
		all = append(all, "  "+name+strings.Repeat(" ", width-live.Width(name))+"  "+s.text(l.Now))
	}
	if more != "" && len(all)+len(below) < lines {
		all = append(all, more)
	}
	all = append(all, below...)
	for i, line := range all {
		all[i] = live.Fit(line, columns)
	}
	return all
}

func (s Step) name() string { return s.Ref.Asset + "[" + s.Ref.Partition + "]" }

// text says what a step does or waits for.
func (s Step) text(now time.Time) string {
	text := "running"
	switch {
	case s.Wait != nil:
		text = strings.Replace(output.Wait(*s.Wait), now.UTC().Format(time.DateOnly)+" ", "", 1)
	case s.Items.Pending > 0:
		text = s.itemsText()
	}
	if s.Retries > 0 {
		return fmt.Sprintf("%s; %d failed attempts: %s", text, s.Retries, s.FirstError)
	}
	if s.Wait == nil && !s.Started.IsZero() && s.Left == 0 {
		text += ", " + spanText(now.Sub(s.Started))
	}
	return text
}

func (s Step) retriesText() string {
	return fmt.Sprintf("is tried again, after %d failed attempts; the first: %s", s.Retries, s.FirstError)
}

// itemsText says how many of the items of a step are done, how fast, and how long the rest takes at that pace.
func (s Step) itemsText() string {
	line := fmt.Sprintf("%d of %d items", s.Done(), s.Items.Discovered)
	if s.Items.Quarantined > 0 {
		line += ", " + strconv.Itoa(s.Items.Quarantined) + " quarantined"
	}
	if s.PerSecond > 0 {
		line += fmt.Sprintf(", %.1f/s, about %s left", s.PerSecond, s.Left.Round(time.Second))
	}
	return line
}

func pauseText(p Pause) string {
	return fmt.Sprintf("%s wants a pause: nothing is asked for %s (%s)", p.Host, p.Left.Round(time.Second), p.Reason)
}

// elapsed is how long it has taken, for the end of a line.
func elapsed(l Look) string {
	if !l.Begun {
		return ""
	}
	return "; " + spanText(l.Now.Sub(l.Started))
}

// paceText says how fast the steps of a backfill end, and when the last may; "" if that is not known.
func paceText(l Look) string {
	if l.PerMinute == 0 {
		return ""
	}
	text := fmt.Sprintf("%.1f per minute", l.PerMinute)
	if l.Ends != nil {
		text += ", done at about " + output.When(*l.Ends)
	}
	return text
}

// Totals says how many steps are in which state: "12 of 75 done, 2 failed, 3 running, 58 queued".
func Totals(l Look) string {
	switch {
	case !l.Begun:
		return "waiting for a worker to begin it"
	case l.Total == 0:
		return "no steps are planned yet"
	}
	return totalsOf(l.Steps, l.Total)
}

// totalsOf is Totals of counts of steps.
func totalsOf(steps api.StepCount, total int) string {
	parts := []string{fmt.Sprintf("%d of %d done", steps[ledger.AttemptSucceeded], total)}
	for _, state := range []ledger.AttemptState{
		ledger.AttemptFailed, ledger.AttemptInterrupted, ledger.AttemptCanceled, ledger.AttemptSkipped, ledger.AttemptWaiting, ledger.AttemptRunning, ledger.AttemptQueued,
	} {
		if n := steps[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// spanText is a time that goes on, in whole seconds.
func spanText(d time.Duration) string { return max(d, 0).Truncate(time.Second).String() }

// outcomeOf says how a step ended.
func outcomeOf(s ledger.RunStep) string {
	took := ""
	if !s.Started.IsZero() && !s.Finished.IsZero() {
		took = ", in " + s.Finished.Sub(s.Started).Round(10*time.Millisecond).String()
	}
	switch {
	case s.State == ledger.AttemptSkipped && s.Error != "":
		return s.Error // says that it was skipped
	case s.State != ledger.AttemptSucceeded && s.Error != "":
		return fmt.Sprintf("%s: %s", s.State, s.Error)
	case s.State != ledger.AttemptSucceeded:
		return string(s.State)
	case !s.Changed:
		return "unchanged" + took
	}
	text := fmt.Sprintf("published version %d, %d rows, %s", s.Version, s.Rows, output.Size(s.Bytes))
	if s.Quarantined > 0 {
		text += fmt.Sprintf(", %d items quarantined", s.Quarantined)
	}
	return text + took
}
