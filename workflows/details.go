package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/engine/materialize"
)

// describe keeps the step's page in the Web UI readable: what it is doing, and the counts.
func (p *partition) describe(ctx workflow.Context, phase string, next ...string) {
	e, d := p.at.Synced, p.at.Done
	text := fmt.Sprintf("%s, run `%s`: %s\n\n", p.in.Step.Name(), p.in.Run, phase) +
		"| discovered | new | changed | recomputed | retried | vanished | unchanged | to do | staged | absent | quarantined |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n" +
		fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", e.Discovered, e.New, e.Changed,
			e.CodeChanged, e.Retried, e.Vanished, e.Unchanged, e.Todo, d.Staged, d.Absent, d.Quarantined)
	for _, command := range next {
		text += "\n    " + command + "\n"
	}
	workflow.SetCurrentDetails(ctx, text)
}

// describeEnd tells what was published, and the commands that show more. It stays on the page once the step has ended.
func (p *partition) describeEnd(ctx workflow.Context, made materialize.Result, err error) {
	named := fmt.Sprintf("%s --partition %s", p.in.Step.Asset, shellWord(p.in.Step.Partition.Key))
	switch {
	case temporal.IsCanceledError(err):
		p.describe(ctx, "**canceled**: nothing was published; what is done is kept for the next run", "starter plan "+named)
		return
	case err != nil:
		p.describe(ctx, "**not published**: "+rootCause(err), "starter checks "+named, "starter plan "+named)
		return
	}
	outcome := fmt.Sprintf("unchanged since version %d: %d rows", made.Version, made.Rows)
	next := []string{"starter versions " + named}
	if made.Changed {
		outcome = fmt.Sprintf("published as version %d: %d rows", made.Version, made.Rows)
		next = append(next, "starter head "+named)
	}
	items := made.Counts
	outcome += fmt.Sprintf("; of %d items %d are published, %d absent, %d quarantined, %d pending",
		items.Discovered, items.Published, items.Absent, items.Quarantined, items.Pending)
	if items.Quarantined > 0 {
		next = append(next, "starter items "+named+" --state quarantined")
	}
	p.describe(ctx, outcome, next...)
}

// shellWord quotes a partition's key for a POSIX shell, where it must be.
func shellWord(key string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_./:@%+,", r)
	}
	if key != "" && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		return key
	}
	return "'" + strings.ReplaceAll(key, "'", `'\''`) + "'"
}
