package complete

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// known is what is read of: the graph, and a ledger if there is one.
type known struct {
	config config.Config
	graph  *asset.Graph
	ledger *ledger.Ledger // nil: there is none
	cmd    *cobra.Command
	args   []string
}

// read completes with what fn gives of the data folder that the command line names.
func (s source) read(fn func(ctx context.Context, k known, typed string) []string) Func {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, k := cmd.Context(), known{cmd: cmd, args: args}
		var err error
		if k.config, err = s.quiet().Config(cmd); err == nil {
			if data, err := host.ReadData(ctx, k.config); err == nil {
				defer func() { _ = data.Close() }()
				k.graph, k.ledger = data.Graph, data.Ledger
			}
		}
		if k.graph == nil {
			if k.graph, err = host.Graph(); err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
		}
		found := fn(ctx, k, typed)
		return found[:min(len(found), limit)], cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// matching keeps the words that begin with what was typed. Each is a word and its description.
func matching(all [][2]string, typed string) (found []string) {
	for _, one := range all {
		if strings.HasPrefix(one[0], typed) {
			found = append(found, described(one[0], one[1]))
		}
	}
	return found
}

// described is a word with its description, which is one line.
func described(word, description string) string {
	description, _, _ = strings.Cut(description, "\n")
	if description == "" || description == word {
		return word
	}
	return word + "\t" + description
}

func assets(_ context.Context, k known, typed string) []string {
	var all [][2]string
	for _, a := range k.graph.All() {
		all = append(all, [2]string{string(a.Key), a.Description})
	}
	return matching(all, typed)
}

// selection completes the last word of an expression: what stands before it stays.
func selection(_ context.Context, k known, typed string) []string {
	at := strings.LastIndexAny(typed, " ,(+") + 1
	before, last := typed[:at], typed[at:]
	attributes := map[string][]string{"status": {}, "group": {}, "kind": {}, "owner": {}}
	for _, s := range asset.Statuses() {
		attributes["status"] = append(attributes["status"], string(s))
	}
	for _, a := range k.graph.All() {
		attributes["group"] = append(attributes["group"], a.Key.Group())
		attributes["kind"] = append(attributes["kind"], a.Kinds...)
		attributes["owner"] = append(attributes["owner"], a.Owners...)
	}
	var all [][2]string
	if name, _, chosen := strings.Cut(last, ":"); chosen {
		values := attributes[name]
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			all = append(all, [2]string{name + ":" + value, ""})
		}
	} else {
		for _, a := range k.graph.All() {
			all = append(all, [2]string{string(a.Key), a.Description})
		}
		for _, name := range []string{"status:", "group:", "kind:"} {
			if last != "" {
				all = append(all, [2]string{name, ""})
			}
		}
	}
	found := matching(all, last)
	for i := range found {
		found[i] = before + found[i]
	}
	return found
}

func sets(_ context.Context, k known, typed string) []string {
	var all [][2]string
	for _, set := range k.graph.Sets() {
		all = append(all, [2]string{set.Name, ""})
	}
	return matching(all, typed)
}

// keys completes the keys of the dynamic set that was typed before.
func keys(ctx context.Context, k known, typed string) []string {
	if len(k.args) == 0 {
		return nil
	}
	return k.stored(ctx, k.args[0], typed)
}

func runs(ctx context.Context, k known, typed string) []string {
	if k.ledger == nil {
		return nil
	}
	filter := ledger.RunFilter{}
	switch k.cmd.Name() {
	case "cancel", "wait":
		filter.State = ledger.RunRunning
	}
	found, err := k.ledger.RunsBy(ctx, filter)
	if err != nil {
		return nil
	}
	var all [][2]string
	for _, run := range found {
		all = append(all, [2]string{run.ID, string(run.State) + ", " + run.Started.Local().Format(time.DateTime)})
	}
	return matching(all, typed)
}

// steps completes the steps of the run that was typed before, as ASSET:PARTITION.
func steps(ctx context.Context, k known, typed string) []string {
	if k.ledger == nil || len(k.args) == 0 {
		return nil
	}
	var all [][2]string
	if backfill, is := ledger.BackfillOf(k.args[0]); is {
		found, err := k.ledger.BackfillSteps(ctx, ledger.StepFilter{Backfill: backfill, Limit: limit})
		if err != nil {
			return nil
		}
		for _, s := range found {
			all = append(all, [2]string{s.Asset + ":" + s.Partition, string(s.State)})
		}
		return matching(all, typed)
	}
	found, err := k.ledger.RunSteps(ctx, k.args[0])
	if err != nil {
		return nil
	}
	for _, s := range found {
		all = append(all, [2]string{s.Asset + ":" + s.Partition, string(s.State)})
	}
	return matching(all, typed)
}

func backfills(ctx context.Context, k known, typed string) []string {
	if k.ledger == nil {
		return nil
	}
	found, err := k.ledger.Backfills(ctx, 0)
	if err != nil {
		return nil
	}
	var all [][2]string
	for _, b := range found {
		all = append(all, [2]string{b.ID, string(b.State) + ", " + b.Selection})
	}
	return matching(all, typed)
}

// scheduled is the id of a run that a schedule started: its name and a time.
var scheduled = regexp.MustCompile(`^(.+)-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

// schedules gives those that the configuration declares and those that have started a run. Only the server knows all.
func schedules(ctx context.Context, k known, typed string) []string {
	if k.cmd.Name() == "create" {
		return nil
	}
	var all [][2]string
	have := make(map[string]bool)
	for _, s := range k.config.Schedules {
		all, have[s.Name] = append(all, [2]string{s.Name, "of the configuration"}), true
	}
	if k.ledger != nil {
		found, err := k.ledger.Runs(ctx, 0)
		if err != nil {
			return nil
		}
		for _, run := range found {
			of := scheduled.FindStringSubmatch(run.ID)
			if of == nil {
				continue
			}
			if name := strings.TrimPrefix(of[1], "schedule-"); !have[name] {
				all, have[name] = append(all, [2]string{name, "last run " + run.Started.Local().Format(time.DateTime)}), true
			}
		}
	}
	return matching(all, typed)
}

func events(ctx context.Context, k known, typed string) []string {
	if k.ledger == nil {
		return nil
	}
	found, err := k.ledger.Events(ctx, "", limit)
	if err != nil {
		return nil
	}
	var all [][2]string
	for _, e := range found {
		all = append(all, [2]string{e.ID, eventText(e)})
	}
	return matching(all, typed)
}

func hosts(ctx context.Context, k known, typed string) []string {
	if k.ledger == nil {
		return nil
	}
	found, err := k.ledger.Budgets(ctx)
	if err != nil {
		return nil
	}
	var all [][2]string
	for _, b := range found {
		all = append(all, [2]string{b.Host, ""})
	}
	return matching(all, typed)
}

// checks gives the names of the checks of the assets that were typed.
func checks(_ context.Context, k known, typed string) []string {
	var all [][2]string
	for _, a := range k.chosen() {
		for _, c := range a.Checks {
			all = append(all, [2]string{c.Name, string(a.Key)})
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return matching(slices.CompactFunc(all, func(a, b [2]string) bool { return a[0] == b[0] }), typed)
}
