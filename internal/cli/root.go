package cli

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/cli/assets"
	"drugslm/internal/cli/automation"
	"drugslm/internal/cli/backfills"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/complete"
	"drugslm/internal/cli/corpus"
	"drugslm/internal/cli/dev"
	"drugslm/internal/cli/items"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/cli/live"
	"drugslm/internal/cli/operations"
	"drugslm/internal/cli/quality"
	"drugslm/internal/cli/report"
	"drugslm/internal/cli/runs"
	"drugslm/internal/cli/schedules"
	"drugslm/internal/cli/status"
	"drugslm/internal/cli/tables"
	"drugslm/internal/config"
)

func newRoot(stdout, stderr, document io.Writer, region *live.Region) *cobra.Command {
	a := &command.App{Stdout: stdout, Stderr: stderr, Document: document, Region: region}
	root := &cobra.Command{
		Use:   "starter",
		Short: "Keep a complete corpus of Brazil's drug leaflets",
		Long: `drugslm keeps a complete, correct, current corpus of Brazil's drug leaflets from ANVISA's
Bulário Eletrônico: index → catalog → download → extract, as assets on Temporal.

  starter demo                        try it without the internet
  starter dev --simulate              start everything on this machine; then, in
  starter materialize '*' --wait      another terminal, bring it up to date
  starter status                      and see what is there

A selection is written as in Dagster. It is one expression, however many arguments it has:

  anvisa/catalog, anvisa/*, *         a key, a glob over keys, everything
  group:anvisa, kind:pdf              by attribute; also owner:, tag:, column:
  status:stale                        by what is published: missing, stale,
                                      rolled_back or fresh
  status:failed                       by the last attempt: queued, running,
                                      waiting, succeeded, failed, skipped,
                                      canceled or interrupted
  status:quarantined                  with quarantined items
  +anvisa/extract, 2+anvisa/extract   with what is upstream: all, two steps
  anvisa/index+, anvisa/index+1       with what is downstream
  not A, A and B, A or B, (A or B)    A, B and A B are A or B
  roots(A), sinks(A)                  what A selects and has nothing else of A
                                      upstream of it, or downstream

Quotes around a value, 'key:"anvisa/*"', allow any character in it. Quote *, ( and < for the shell.`,
		Args:          command.Verb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	config.Flags(root.PersistentFlags())
	root.PersistentFlags().StringVarP(&a.Format, "output", "o", "text", "form of what is printed: text or json")
	root.AddCommand(
		dev.NewDev(a), dev.NewDemo(a), dev.NewPortal(a),
		assets.NewAssets(a), assets.NewPartitions(a), automation.New(a),
		runs.NewPlan(a), runs.NewMaterialize(a), runs.NewRuns(a), runs.NewLogs(a), runs.NewResume(a), backfills.New(a), schedules.New(a),
		status.NewStatus(a), report.New(a), status.NewChecks(a), items.NewItems(a), items.NewWhy(a),
		tables.NewHead(a), tables.NewVersions(a), tables.NewDiff(a), tables.NewRollback(a), tables.NewVacuum(a), tables.NewAudit(a), tables.NewSweep(a),
		leaflets.New(a), quality.New(a), corpus.New(a),
		operations.NewBudget(a), operations.NewGrid(a), operations.NewHooks(a), operations.NewRetention(a),
		newVersion(a), newCompletion(root, a), newPDFServe(),
	)
	root.SetHelpFunc(helpPage)
	help := newHelp(root)
	root.SetHelpCommand(help)
	root.AddCommand(help)
	root.CompletionOptions.DisableDefaultCmd = true
	wrapArgs(root)
	alike(root)
	strict(root)
	complete.Add(root, a)
	return root
}

// alike lets --partition and --partitions be the same flag, whichever of them a verb documents.
func alike(cmd *cobra.Command) {
	for _, name := range []string{"partition", "partitions"} {
		if cmd.Flags().Lookup(name) == nil {
			continue
		}
		cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, typed string) pflag.NormalizedName {
			if typed == "partition" || typed == "partitions" {
				typed = name
			}
			return pflag.NormalizedName(typed)
		})
	}
	for _, child := range cmd.Commands() {
		alike(child)
	}
}

// wrapArgs makes an empty argument, a wrong number of them, and flags that exclude each other, a usage error, for a
// command and all below it.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := filledArgs(args); err != nil {
			return command.Usage(cmd, err)
		}
		if err := check(cmd, args); err != nil {
			return command.Usage(cmd, countMistake(cmd, args, err))
		}
		if err := expandArgs(cmd, args); err != nil {
			return command.Usage(cmd, err)
		}
		return command.Usage(cmd, cmd.ValidateFlagGroups())
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error { return quoted(cmd, args, run(cmd, args)) }
	}
	for _, child := range cmd.Commands() {
		wrapArgs(child)
	}
}
