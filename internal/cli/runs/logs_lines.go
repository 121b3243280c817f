package runs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/internal/runlog"
)

// filter chooses lines of a log.
type filter struct {
	level slog.Level
	since time.Time
	steps map[string]map[string]bool // partitions by asset; without partitions: all of the asset's. nil: any line
}

func (f filter) has(l runlog.Line) bool {
	if l.Level < f.level || l.Time.Before(f.since) {
		return false
	}
	if f.steps == nil {
		return true
	}
	partitions, chosen := f.steps[l.Field("asset")]
	return chosen && (len(partitions) == 0 || partitions[l.Field("partition")])
}

// chooseLines reads the flags that choose lines.
func chooseLines(ctx context.Context, d *host.Data, l *logged, flags logsFlags) (f filter, err error) {
	if f.level, err = levelOf(strings.ToLower(flags.level)); err != nil {
		return f, err
	}
	if flags.since != "" {
		if f.since, err = command.Since(flags.since, d.Now()); err != nil {
			return f, err
		}
	}
	if flags.tail < -1 {
		return f, fault.New(fault.Invalid, "", "--tail is %d: want how many lines, or -1 for all", flags.tail)
	}
	if len(flags.steps) == 0 {
		return f, nil
	}
	steps, err := stepsOf(ctx, d, l)
	if err != nil {
		return f, err
	}
	f.steps = make(map[string]map[string]bool)
	whole := make(map[string]bool)
	for _, word := range flags.steps {
		key, partitions, err := chooseStep(ctx, d, l.name, steps, word)
		if err != nil {
			return f, err
		}
		if whole[key] = whole[key] || len(partitions) == 0; whole[key] || f.steps[key] == nil {
			f.steps[key] = make(map[string]bool)
		}
		for _, p := range partitions {
			if !whole[key] {
				f.steps[key][p] = true
			}
		}
	}
	return f, nil
}

// stepsOf lists the steps of a run or a backfill.
func stepsOf(ctx context.Context, d *host.Data, l *logged) (steps []asset.Step, err error) {
	add := func(key, partition, label string) {
		steps = append(steps, asset.Step{Asset: asset.Key(key), Partition: asset.Partition{Key: partition, Label: label}})
	}
	backfill, is := l.name, true
	if len(l.runs) == 1 && l.runs[0] == l.name {
		backfill, is = ledger.BackfillOf(l.name)
	}
	if !is {
		found, err := d.Ledger.RunSteps(ctx, l.name)
		for _, s := range found {
			add(s.Asset, s.Partition, s.Label)
		}
		return steps, err
	}
	for page := (ledger.StepFilter{Backfill: backfill}); ; {
		found, err := d.Ledger.BackfillSteps(ctx, page)
		if err != nil || len(found) == 0 {
			return steps, err
		}
		for _, s := range found {
			add(s.Asset, s.Partition, s.Label)
		}
		page.After = found[len(found)-1].Seq + 1
	}
}

// chooseStep reads what was typed after --step: ASSET, ASSET:PARTITION, or ASSET[PARTITION] as tables have it. Without a
// partition it gives none: all of the asset's.
func chooseStep(ctx context.Context, d *host.Data, run string, steps []asset.Step, word string) (key string, partitions []string, err error) {
	key, partition, given := strings.Cut(word, ":")
	if before, inside, bracket := strings.Cut(word, "["); bracket && !strings.Contains(before, ":") && strings.HasSuffix(inside, "]") {
		key, partition, given = before, strings.TrimSuffix(inside, "]"), true
	}
	var assets, keys, names []string
	for _, s := range steps {
		assets = append(assets, string(s.Asset))
		if string(s.Asset) != key {
			continue
		}
		keys, names = append(keys, s.Partition.Key), append(names, cmp.Or(s.Partition.Label, s.Partition.Key))
		if s.Partition.Key == partition || s.Partition.Label == partition && partition != "" {
			partitions = append(partitions, s.Partition.Key)
		}
	}
	slices.Sort(assets)
	switch assets = slices.Compact(assets); {
	case len(steps) == 0:
		return key, nil, fault.New(fault.Invalid, "", "--step is %q: %s has no steps yet", word, run)
	case len(keys) == 0:
		return key, nil, fault.New(fault.Invalid, "", "--step is %q: %s has no step of %q%s", word, run, key, nearest.Suggestion(key, assets))
	case !given || len(partitions) > 0:
		return key, partitions, nil
	}
	if made, unknown := d.Graph.Get(asset.Key(key)); unknown == nil && partition != "" {
		chosen, unknown := command.ChoosePartitions(ctx, d, []*asset.Asset{made}, []string{partition})
		if unknown == nil {
			partitions = slices.DeleteFunc(slices.Clone(chosen[made.Key]), func(p string) bool { return !slices.Contains(keys, p) })
		}
	}
	if len(partitions) == 0 {
		err = fault.New(fault.Invalid, "", "--step is %q: %s has no step %s[%s]%s", word, run, key, partition, nearest.Suggestion(partition, names))
	}
	return key, partitions, err
}

// printLines prints lines of a log: as they are stored, or for people.
func printLines(a *command.App, lines []runlog.Line) error {
	for _, line := range lines {
		text := string(line.Raw) + "\n"
		if !a.JSON() {
			text = lineText(line)
		}
		if _, err := io.WriteString(a.Stdout, text); err != nil {
			return err
		}
	}
	return nil
}

// apart are the fields of a line that its text has elsewhere, or that are for programs.
const apart = " run_id asset partition attempt workflow_id execution_id trace_id span_id "

// lineText is a line for people: time, level, step, message, and key=value. What has lines of its own, such as a stack, follows
// below.
func lineText(l runlog.Line) string {
	words := []string{l.Time.UTC().Format("2006-01-02 15:04:05.000Z"), strings.ToUpper(levelName(l.Level))}
	if step := l.Field("asset"); step != "" {
		words = append(words, fmt.Sprintf("%s[%s]", step, l.Field("partition")))
	}
	words = append(words, l.Message)
	if n := l.Attempt(); n > 1 {
		words = append(words, "attempt="+strconv.Itoa(n))
	}
	var below strings.Builder
	for _, f := range l.Fields {
		switch {
		case strings.Contains(apart, " "+f.Key+" "):
		case strings.Contains(strings.TrimSpace(f.Value), "\n"):
			below.WriteString("    " + f.Key + ":\n")
			for part := range strings.Lines(f.Value) {
				below.WriteString("      " + strings.ReplaceAll(strings.TrimRight(part, "\r\n"), "\t", "  ") + "\n")
			}
		default:
			words = append(words, f.Key+"="+quotedValue(f.Value))
		}
	}
	return output.Hang(strings.Join(words, " "), 4) + "\n" + below.String()
}

// quotedValue is a value with quotes if it would not be read as one without.
func quotedValue(value string) string {
	if value == "" || strings.ContainsAny(value, " \"=\t") {
		return strconv.Quote(value)
	}
	return value
}

func levelName(level slog.Level) string { return strings.ToLower(level.String()) }

// LogCommand is the command that shows the log of a step of a run.
func LogCommand(run, key, partition string) string {
	step := key + ":" + partition
	if strings.ContainsFunc(step, func(r rune) bool { return !strings.ContainsRune("/:-_.", r) && !isPlain(r) }) {
		step = "'" + strings.ReplaceAll(step, "'", `'\''`) + "'"
	}
	return "starter logs " + run + " --step " + step
}

// isPlain reports whether a shell takes a character as it is.
func isPlain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
