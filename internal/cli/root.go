package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"

	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/telemetry"
)

// app is what every verb has at hand.
type app struct {
	stdout, stderr io.Writer // for eyes: see package terminal
	document       io.Writer // standard output for a document in HTML
	output         string    // "text" or "json"
}

func newRoot(stdout, stderr, document io.Writer) *cobra.Command {
	a := &app{stdout: stdout, stderr: stderr, document: document}
	root := &cobra.Command{
		Use:   "starter",
		Short: "Keep a complete corpus of Brazil's drug leaflets",
		Long: `drugslm keeps a complete, correct, current corpus of Brazil's drug leaflets from ANVISA's
Bulário Eletrônico: index → catalog → download → extract, as assets on Temporal.

Try it without the internet:      starter demo
Start everything on this machine: starter dev --simulate
Then, in another terminal:        starter materialize '*' --wait
                                  starter status

A selection is written as in Dagster. It is one expression, however many arguments it has:

  anvisa/catalog   anvisa/*   *           a key, a glob over keys, everything
  group:anvisa   kind:pdf   column:text   by attribute; also owner:team:corpus, tag:source, tag:source=anvisa,
                                          and status: with missing, failed, stale or fresh
  +anvisa/extract   2+anvisa/extract      with what is upstream of it, all the way or two steps
  anvisa/index+     anvisa/index+1        with what is downstream
  not A   A and B   A or B   (A or B)     A, B and A B are A or B
  roots(A)   sinks(A)                     what A selects and depends on nothing else of it, or nothing of it on that

Quotes around a value, 'key:"anvisa/*"', allow any character in it. Quote *, ( and < for the shell.`,
		Args:          verb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(usage)
	config.Flags(root.PersistentFlags())
	root.PersistentFlags().StringVarP(&a.output, "output", "o", "text", "form of what is printed: text or json")
	root.AddCommand(
		newDev(a), newDemo(a), newPortal(a), newAssets(a), newPlan(a), newMaterialize(a), newRuns(a),
		newWhy(a),
		newPartitions(a),
		newBackfill(a),
		newStatus(a), newResume(a), newItems(a), newAudit(a), newSweep(a), newVersion(a), newPDFServe(),
		newLeaflet(a),
		newSchedule(a),
		newHooks(a),
		newVersions(a),
		newDiff(a),
		newRollback(a),
		newVacuum(a),
		newRetention(a),
		newAutomation(a),
		newChecks(a),
		newGrid(a),
		newCorpus(a),
		newQuality(a),
		newBudget(a),
	)
	wrapArgs(root)
	alike(root)
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

// verb refuses a verb that a command does not have, naming those that look like it.
func verb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("%s has no verb %q: did you mean %s?", cmd.CommandPath(), args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("%s has no verb %q", cmd.CommandPath(), args[0])
}

// wrapArgs makes a wrong number of arguments, and flags that exclude each other, a usage error, for a command and all
// below it.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(cmd, err)
		}
		return usage(cmd, cmd.ValidateFlagGroups())
	}
	for _, child := range cmd.Commands() {
		wrapArgs(child)
	}
}

func usage(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Invalid, "", "%w (see `%s --help`)", err, cmd.CommandPath())
}

// config loads the configuration that the command's flags, the environment and the file make.
func (a *app) config(cmd *cobra.Command) (config.Config, error) {
	if a.output != "text" && a.output != "json" {
		return config.Config{}, fault.New(fault.Invalid, "", "--output is %q: want text or json", a.output)
	}
	return config.Load(config.LoadOptions{Flags: cmd.Flags(), Env: os.Getenv, Tell: func(text string) { a.note("%s", text) }})
}

func (a *app) logger(c config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // validated by config
	return telemetry.NewLogger(a.stderr, level, c.Log.Format == "json")
}

// withData runs fn with the data folder of the configuration.
func (a *app) withData(cmd *cobra.Command, fn func(ctx context.Context, c config.Config, d *host.Data) error) error {
	c, err := a.config(cmd)
	if err != nil {
		return err
	}
	data, err := host.OpenData(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer func() { _ = data.Close() }() // read only: there is nothing to lose
	return fn(cmd.Context(), c, data)
}

// traced starts telemetry for a command and stops it when fn is done.
func (a *app) traced(ctx context.Context, service string, fn func(t *telemetry.Telemetry) error) error {
	t, err := telemetry.Start(ctx, telemetry.Options{ServiceName: service, Version: host.Version(), Env: os.Getenv})
	if err != nil {
		return err
	}
	defer func() { _ = t.Shutdown(context.WithoutCancel(ctx)) }() // says itself what it could not send
	return fn(t)
}

// dialled runs fn with a connection to Temporal.
func (a *app) dialled(ctx context.Context, c config.Config, fn func(cli client.Client) error) error {
	return a.traced(ctx, "drugslm-starter", func(t *telemetry.Telemetry) error {
		cli, err := host.Dial(ctx, c, t, a.logger(c))
		if err != nil {
			return err
		}
		defer cli.Close()
		return fn(cli)
	})
}

func (a *app) note(format string, args ...any) {
	inLine(args)
	fmt.Fprintf(a.stderr, format+"\n", args...)
}
