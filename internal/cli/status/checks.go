package status

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// checkQuery is what `checks` is asked for.
type checkQuery struct {
	selection, partitions []string
	failed                bool
	history               int
}

// NewChecks is the verb `checks`.
func NewChecks(a *command.App) *cobra.Command {
	var q checkQuery
	cmd := &cobra.Command{
		Use:   "checks [SELECT...]",
		Short: "Show the last result of each check of each partition: what was seen, what was expected, and what followed",
		Long: `Show the last result of each check of each partition. Its outcome is one of

  passed     what was observed is as expected
  failed     a violation of a blocking check: nothing was published, readers keep what they had
  warned     a violation of a check that only warns: it was published all the same
  accepted   it would have been "failed", but a person ran materialize with --accept and its name
  error      the check could not be asked; nothing was published if it is a blocking one

--failed shows only those whose last outcome is another than passed, and exits with 1 if one of them keeps its partition
from being published: failed, or an error of a blocking check. Warnings and what was accepted exit with 0.`,
		Example: `  starter checks
  starter checks anvisa/catalog --partition Genérico --history 10
  starter checks --failed || starter checks --failed -o json`,
		RunE: func(cmd *cobra.Command, selection []string) error {
			q.selection = command.Everything(selection)
			if q.history < 0 || q.history > 1000 {
				return fault.New(fault.Invalid, "", "--history is %d: want 0 to 1000", q.history)
			}
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				found, err := checkResults(ctx, c, d, q)
				if err != nil {
					return err
				}
				if err := a.Show(api.CheckList{Checks: found}, func(w io.Writer) error { return printChecks(w, found, q) }); err != nil {
					return err
				}
				return stopped(found, q)
			})
		},
	}
	command.PartitionFlag(cmd, &q.partitions)
	cmd.Flags().BoolVar(&q.failed, "failed", false, "only what did not pass; exit 1 if it keeps a partition from being published")
	cmd.Flags().IntVar(&q.history, "history", 0, "show the last so many results of each check too")
	return cmd
}

func checkResults(ctx context.Context, c config.Config, d *host.Data, q checkQuery) ([]api.CheckResult, error) {
	found := []api.CheckResult{}
	selected, chosen, err := command.Choose(ctx, d, q.selection, q.partitions)
	if err != nil {
		return nil, err
	}
	for _, made := range selected {
		filter := ledger.CheckFilter{Asset: string(made.Key), Failed: q.failed, History: q.history}
		keys := chosen[made.Key]
		if len(keys) == 1 {
			filter.Partition = keys[0]
		}
		results, err := d.Ledger.LastChecks(ctx, filter)
		if err != nil {
			return nil, err
		}
		wanted := command.DeclaredChecks(made)
		only := make(map[string]bool, len(keys))
		for _, key := range keys {
			only[key] = true
		}
		for _, r := range results {
			if wanted[r.Name] && (len(q.partitions) == 0 || only[r.Partition]) {
				found = addResult(found, r, c, q.history > 0)
			}
		}
	}
	return found, nil
}

// addResult takes results as the ledger gives them: those of one check together, the newest first.
func addResult(found []api.CheckResult, r ledger.Check, c config.Config, history bool) []api.CheckResult {
	last := len(found) - 1
	if last < 0 || found[last].Check != r.Name || found[last].Partition != r.Partition || found[last].Asset != asset.Key(r.Asset) {
		found = append(found, command.CheckResult(c, r))
		last++
	}
	if history {
		found[last].History = append(found[last].History, api.CheckMoment{
			Outcome: r.Outcome, Observed: r.Observed, Expected: r.Expected, RunID: r.Run, At: r.At,
		})
	}
	return found
}

// stopped is the error of results that keep partitions from being published, if they were asked for.
func stopped(found []api.CheckResult, q checkQuery) error {
	var names []string
	for _, r := range found {
		if q.failed && r.Severity == output.Severity(true) && (r.Outcome == ledger.CheckFailed || r.Outcome == ledger.CheckErrored) {
			names = append(names, fmt.Sprintf("%s of %s[%s]", r.Check, r.Asset, r.Partition))
		}
	}
	if len(names) == 0 {
		return nil
	}
	const shown = 3
	if more := len(names) - shown; more > 0 {
		names = append(names[:shown], fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("not published because of %s", strings.Join(names, ", "))
}

func printChecks(w io.Writer, found []api.CheckResult, q checkQuery) error {
	if len(found) == 0 {
		text := "No check has been asked yet: starter materialize '*'\n"
		if q.failed {
			text = "Every check passed when it was last asked.\n"
		}
		_, err := io.WriteString(w, text)
		return err
	}
	columns := []output.Column[api.CheckResult]{
		{Head: "ASSET", Cell: func(r api.CheckResult) string { return string(r.Asset) }},
		{Head: "PARTITION", Cell: func(r api.CheckResult) string { return r.Partition }},
		{Head: "CHECK", Cell: func(r api.CheckResult) string { return r.Check }},
		{Head: "SEVERITY", Cell: func(r api.CheckResult) string { return r.Severity }},
		{Head: "OUTCOME", Cell: func(r api.CheckResult) string { return string(r.Outcome) }},
		{Head: "OBSERVED", Cell: func(r api.CheckResult) string { return output.Line(r.Observed) }},
		{Head: "EXPECTED", Cell: func(r api.CheckResult) string { return output.Line(r.Expected) }},
		{Head: "AT", Cell: func(r api.CheckResult) string { return output.When(r.At) }},
		{Head: "RUN", Cell: func(r api.CheckResult) string { return r.RunID }},
		{Head: "DETAIL", Cell: func(r api.CheckResult) string { return output.Line(r.Detail) }},
	}
	if q.history > 0 {
		columns = slices.Insert(columns, 6, output.Column[api.CheckResult]{Head: "BEFORE, OLDEST FIRST", Cell: resultsBefore})
	}
	return output.List(w, found, columns)
}

// resultsBefore is what was observed until the last result, oldest first; what did not pass has a "!" before it.
func resultsBefore(r api.CheckResult) string {
	var seen []string
	for _, m := range slices.Backward(r.History[min(1, len(r.History)):]) {
		text := m.Observed
		if text == "" {
			text = string(m.Outcome)
		}
		if m.Outcome != ledger.CheckPassed {
			text = "!" + text
		}
		seen = append(seen, output.Line(text))
	}
	return strings.Join(seen, " ")
}
