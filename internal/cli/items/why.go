package items

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/engine/lineage"
	"drugslm/internal/host"
	"drugslm/internal/rows"
	"drugslm/workflows"
)

// NewWhy is the verb `why`.
func NewWhy(a *command.App) *cobra.Command {
	var key, partition string
	cmd := &cobra.Command{
		Use:   "why ITEM",
		Short: "Say how an item came about, from the source's row to the text, and what the next run would do with it",
		Long: `Say how an item came about: the whole chain from the source's row to what was made of it, upstream first. For each asset:
where the item stands and why, what the next run would do with it and on which axis (source: the source changed; code: the
code changed), which version of the table holds its row and since when, when and from where it was fetched, by which run
and under which trace, and its row in short. What is missing in the chain is said.

ITEM is the id of an item, as "starter items" lists them: a leaflet (1156882/patient), or a product (1156882) with all that
is made of it. It is looked for in every asset.`,
		Example: `  starter why 1156882/patient
  starter why 1156882 --asset anvisa/catalog -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				meant, err := command.OnePartition(ctx, d, asset.Key(key), partition)
				if err != nil {
					return err
				}
				links, err := lineage.Why(ctx, command.Reading(d), args[0], asset.Key(key), meant)
				if err != nil {
					return err
				}
				v := api.Why{Item: args[0], Links: make([]api.WhyLink, len(links))}
				for i, l := range links {
					if v.Links[i], err = linked(ctx, c, d, l); err != nil {
						return err
					}
				}
				return a.Show(v, func(w io.Writer) error { return printWhy(w, v) })
			})
		},
	}
	cmd.Flags().StringVar(&key, "asset", "", "the asset whose item is meant")
	cmd.Flags().StringVarP(&partition, "partition", "p", "", "the partition whose item is meant, by key or name")
	return cmd
}

// linked adds to a link where the Web UI shows what made it.
func linked(ctx context.Context, c config.Config, d *host.Data, l lineage.Link) (api.WhyLink, error) {
	v := api.WhyLink{Link: l, RunLink: command.RunLink(c, l.RunID, "")}
	run, known, err := d.Ledger.Run(ctx, l.RunID)
	if err != nil {
		return v, err
	}
	if known { // a backfill that was tried again has the workflow of the first time
		v.RunLink = command.RunLink(c, run.Workflow, "")
	}
	if l.Made != nil {
		v.TraceLink = command.TraceLink(c, l.Made.TraceID)
	}
	if t := l.Table; t != nil && t.Execution != "" {
		v.WorkflowLink = command.RunLink(c, t.Workflow, t.Execution)
		return v, nil
	}
	v.WorkflowLink = command.RunLink(c, workflows.PartitionID(asset.Step{Asset: l.Asset, Partition: l.Partition}), "")
	return v, nil
}

// few is how many items of one asset that are made from others are told one by one; more are told a line each.
const few = 4

func printWhy(w io.Writer, v api.Why) error {
	for i := 0; i < len(v.Links); {
		if i > 0 {
			output.Writeln(w)
		}
		n := partsFrom(v, i)
		if n <= few {
			printLink(w, v.Links[i])
			i++
			continue
		}
		if err := printParts(w, v.Links[i:i+n]); err != nil {
			return err
		}
		i += n
	}
	return nil
}

// partsFrom counts the links from i on that are of one asset and made from items with other ids: the sections of a document.
func partsFrom(v api.Why, i int) (n int) {
	for i+n < len(v.Links) && v.Links[i+n].From != "" && v.Links[i+n].Asset == v.Links[i].Asset && v.Links[i+n].Partition == v.Links[i].Partition {
		n++
	}
	return n
}

func printParts(w io.Writer, links []api.WhyLink) error {
	output.Writef(w, "%s[%s]  %d items (`starter why ITEM` tells one of them)\n", links[0].Asset, links[0].Partition.Key, len(links))
	rows := make([][]string, len(links))
	for i, l := range links {
		version, run := "–", "–"
		if l.Table != nil {
			version = strconv.FormatInt(l.Table.Version, 10)
		}
		if l.Made != nil {
			run = l.Made.RunID
		}
		rows[i] = []string{"  " + l.Item, string(l.State), version, l.CodeVersion, run, l.Decision.Would}
	}
	return output.Table(w, []string{"  ITEM", "STATE", "VERSION", "CODE", "MADE BY", "NEXT RUN"}, rows)
}

func printLink(w io.Writer, l api.WhyLink) {
	output.Writef(w, "%s[%s]  %s  %s\n", l.Asset, l.Partition.Key, l.Item, l.Label)
	var lines [][2]string
	tellLink(l, func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			lines = append(lines, [2]string{name, text})
		}
	})
	width := 0
	for _, line := range lines {
		width = max(width, utf8.RuneCountInString(line[0]))
	}
	for _, line := range lines {
		output.Writef(w, "  %-*s  %s\n", width, line[0], line[1])
	}
}

// tellLink tells one link, line by line.
func tellLink(l api.WhyLink, line func(name, format string, args ...any)) {
	state := string(l.State)
	if l.Kind != "" {
		state += " (" + l.Kind + ")"
	}
	if l.Reason != "" {
		state += ": " + l.Reason
	}
	line("state", "%s", state)
	if l.MissingSince != "" {
		line("missing since", "%s (the source's day of data)", l.MissingSince)
	}
	line("waived", "%s", l.Waived)
	axis := ""
	if l.Decision.Axis != "" {
		axis = " (" + string(l.Decision.Axis) + ")"
	}
	line("next run", "%s%s: %s", l.Decision.Would, axis, l.Decision.Reason)
	line("fingerprint", "%s", l.Fingerprint)
	line("code version", "%s, now %s", l.CodeVersion, l.CodeNow)
	line("attempts", "%d, first seen %s, last moved %s", l.Attempts, output.When(l.FirstSeen), output.When(l.Updated))
	if t := l.Table; t != nil {
		since := "not on record"
		if t.Since != nil {
			since = output.When(*t.Since)
		}
		line("table", "%s version %d, since %s", t.Location, t.Version, since)
		line("part", "%s", t.Part)
	}
	if m := l.Made; m != nil {
		line("fetched", "%s from %s", output.When(m.FetchedAt), m.SourceURL)
		line("made", "by run %s with code version %s", m.RunID, m.CodeVersion)
		line("trace", "%s", strings.TrimSpace(m.TraceID+" "+l.TraceLink))
	}
	line("run", "%s", strings.TrimSpace(l.RunID+" "+l.RunLink))
	line("workflow", "%s", l.WorkflowLink)
	line("evidence", "%s", l.Evidence)
	for _, f := range l.Row {
		printField(line, f)
	}
	for _, a := range l.Aggregated {
		line("aggregated", "from %d rows of %s, in %d partitions", a.Rows, a.Asset, a.Partitions)
	}
	for _, missing := range l.Missing {
		line("missing", "%s", missing)
	}
}

// printField tells one column; a nested list a line for each element.
func printField(line func(name, format string, args ...any), f rows.Field) {
	list, nested := f.Value.([]any)
	if !nested {
		line("· "+f.Name, "%s", fieldText(f.Value))
		return
	}
	for i, element := range list {
		line(fmt.Sprintf("· %s %d", f.Name, i+1), "%s", fieldText(element))
	}
}

func fieldText(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case time.Time:
		return output.When(v)
	case rows.Fields:
		words := make([]string, len(v))
		for i, f := range v {
			words[i] = f.Name + "=" + fieldText(f.Value)
		}
		return strings.Join(words, " ")
	case string:
		return output.OrDash(v)
	default:
		return fmt.Sprint(v)
	}
}
