package runs

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/progress"
	"drugslm/internal/config"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
	"drugslm/workflows"
)

// NewMaterialize is the verb `materialize`.
func NewMaterialize(a *command.App) *cobra.Command {
	var in workflows.MaterializeInput
	var filters command.Filters
	var wait, strict bool
	var file string
	cmd := &cobra.Command{
		Use:        "materialize SELECT... | --plan FILE",
		SuggestFor: []string{"launch", "execute", "refresh", "update"},
		Short:      "Bring assets up to date: fetch what is new or changed, check it, publish it",
		Long: `Bring the selected assets up to date. Only what is missing, new, changed or left over is done. --missing and --stale
narrow that down; --failed takes the partitions whose last attempt failed and those with quarantined items, which are tried again; --force
does everything again. To do again what failed in one run there is "starter runs retry".

--plan takes a plan that "starter plan --save" kept, and does exactly that, or refuses, saying what has moved since.
Without --wait it prints the run's id and returns.

A blocking check that fails leaves readers with what they have. When what it found is right all the same, --accept and the
check's name lets it through, in this run only: its result is kept as "accepted". The engine's own checks, complete and
conserved, cannot be accepted.`,
		Example: `  starter materialize '*' --wait
  starter materialize anvisa/catalog+ --partition Genérico
  starter materialize anvisa/extract --force --wait
  starter materialize '*' --wait --fail-on-quarantine
  starter materialize --plan plan.json --wait
  starter materialize anvisa/catalog --partition 5 --accept not_dropped`,
		Args: func(cmd *cobra.Command, args []string) error {
			if file != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if strict && !wait {
				return fault.New(fault.Invalid, "", "--fail-on-quarantine says how to end: give --wait as well")
			}
			in.Select, in.Filter = args, filters.Chosen()
			return a.ToBegin(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				if err := decide(ctx, d, file, &in); err != nil {
					return err // better now than in the run
				}
				if err := acceptable(ctx, d, in); err != nil {
					return err
				}
				return a.Traced(ctx, "drugslm-starter", func(t *telemetry.Telemetry) error {
					return begin(ctx, a, c, d, t, in, ending{wait, strict, func(run string) any { return api.Started(run) }})
				})
			})
		},
	}
	cmd.Flags().StringSliceVarP(&in.Partitions, "partition", "p", nil, "only these partitions: keys, names, globs or ranges A..B; may be given several times")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for the end, showing progress; fails if the run fails")
	cmd.Flags().BoolVar(&strict, "fail-on-quarantine", false, "with --wait: exit 1 if partitions of the run have quarantined items that nobody waived")
	cmd.Flags().StringVar(&file, "plan", "", "do what this file says, as plan --save kept it")
	command.Paths(cmd.Flags(), "plan")
	cmd.Flags().StringSliceVar(&in.Accept, "accept", nil, "publish although this blocking check fails, this once; may be given several times")
	filters.Register(cmd)
	for _, other := range []string{"partition", "missing", "stale", "failed", "force"} {
		cmd.MarkFlagsMutuallyExclusive("plan", other)
	}
	return cmd
}

// acceptable refuses names of checks that nothing which is selected can be let through.
func acceptable(ctx context.Context, d *host.Data, in workflows.MaterializeInput) error {
	if len(in.Accept) == 0 {
		return nil
	}
	selected, err := planning.Select(ctx, d.Graph, d.Ledger, in.Select...)
	if err != nil {
		return err
	}
	return asset.Acceptable(selected, in.Accept)
}

// decide fills in what a run is to do: what a saved plan says, or what the run will plan itself.
func decide(ctx context.Context, d *host.Data, file string, in *workflows.MaterializeInput) error {
	var p *Prepared
	var err error
	if file != "" {
		if p, err = loadPlan(ctx, d, file); err != nil {
			return err
		}
		in.Select, in.Partitions, in.Filter, in.Plan = p.selection, p.request.Partitions, p.request.Filter, &p.Plan
	} else if p, err = PreparePlan(ctx, d, in.Select, asset.Request{Partitions: in.Partitions, Filter: in.Filter}); err != nil {
		return err
	}
	in.Mode = planning.ModeOf(in.Filter)
	if n := len(p.Plan.Steps); n > planning.MaxSteps {
		return errTooManySteps("materialize", n)
	}
	return nil
}

// begin starts a run, and waits for its end if that is wanted.
func begin(ctx context.Context, a *command.App, c config.Config, d *host.Data, t *telemetry.Telemetry, in workflows.MaterializeInput, end ending) error {
	cli, err := host.Dial(ctx, c, t, a.Logger(c))
	if err != nil {
		return err
	}
	defer cli.Close()
	started, err := Start(ctx, cli, t.Tracer(), in)
	if err != nil {
		return command.OfServer(c, err)
	}
	a.Note("run %s  %s", started.GetID(), command.RunLink(c, started.GetID(), started.GetRunID()))
	if !end.wait {
		return a.Show(end.document(started.GetID()), func(w io.Writer) error {
			_, err := output.Writeln(w, started.GetID())
			return err
		})
	}
	defer progress.Beside(ctx, func(ctx context.Context) { progress.Workers(ctx, a, cli) })()
	return followed(ctx, a, d, started, end.failOnQuarantine)
}

// ending says how the command ends: with the run, and with an error if the partitions of the run have quarantined items; or
// at once, with the document of a run that has begun.
type ending struct {
	wait, failOnQuarantine bool

	document func(run string) any
}

// Followed shows a run's progress until it ends, and then its steps.
func Followed(ctx context.Context, a *command.App, d *host.Data, started client.WorkflowRun) error {
	return followed(ctx, a, d, started, false)
}

func followed(ctx context.Context, a *command.App, d *host.Data, started client.WorkflowRun, failOnQuarantine bool) error {
	result, err := Follow(ctx, a, d, started)
	return conclude(ctx, a, d, started.GetID(), result, err, failOnQuarantine)
}

// conclude shows the steps of a run that has ended, with its error.
func conclude(ctx context.Context, a *command.App, d *host.Data, run string, result workflows.MaterializeResult, err error, failOnQuarantine bool) error {
	if err == nil && len(result.Steps) == 0 {
		result.Steps = []workflows.StepResult{} // a list in JSON too
		a.Note("there was nothing to do")
	}
	if len(result.Steps) > 0 || err == nil {
		err = errors.Join(err, ownTimes(ctx, d, run, result))
		err = errors.Join(err, a.Show(result, func(w io.Writer) error { return PrintResult(w, result) }))
		err = errors.Join(err, tellQuarantine(ctx, a, d, result, failOnQuarantine))
		if slices.ContainsFunc(result.Steps, func(s workflows.StepResult) bool { return s.State == ledger.AttemptFailed }) {
			a.Note("to do again what failed, and nothing else: starter runs retry %s", run)
		}
	}
	return err
}

// Start sends a run to Temporal, in a span of its own to which everything else is linked.
func Start(ctx context.Context, cli client.Client, tracer trace.Tracer, in workflows.MaterializeInput) (started client.WorkflowRun, err error) {
	if err := workflows.Fits(in); err != nil {
		return nil, err
	}
	err = telemetry.Do(ctx, tracer, telemetry.StartRun, func(ctx context.Context) error {
		started, err = cli.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:            runID(),
			TaskQueue:     workflows.TaskQueue(asset.QueueOrchestrate),
			StaticSummary: fault.Shorten("materialize "+strings.Join(in.Select, " "), activities.MaxSummary),
			Priority:      workflows.ByHand(),
		}, workflows.Materialize, in)
		return fault.Wrap(fault.Unavailable, "start run", err)
	})
	return started, err
}

// runID names a run so that people can tell runs apart and sort them.
func runID() string {
	return "materialize-" + time.Now().UTC().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:4])
}

// goesOn tells who interrupted the command what becomes of the run.
func goesOn(a *command.App, run string) {
	a.Note("the run goes on where a worker serves it, now or later; to see it again: starter runs watch %s; to end it: starter runs cancel %s", run, run)
}

// Follow shows a run's progress until it ends, and gives its steps, also when it failed.
func Follow(ctx context.Context, a *command.App, d *host.Data, started client.WorkflowRun) (workflows.MaterializeResult, error) {
	end := progress.Beside(ctx, progress.OfRun(a, d, started.GetID()).Watch)
	var result workflows.MaterializeResult
	err := started.Get(ctx, &result)
	end()
	if ctx.Err() != nil {
		goesOn(a, started.GetID())
		return result, command.ErrInterrupted
	}
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		if failure.HasDetails() {
			err = errors.Join(failure.Details(&result))
		} else {
			err = nil
		}
		return result, errors.Join(fault.New(fault.Kind(failure.Type()), "run "+started.GetID(), "%s", failure.Message()), err)
	}
	if how := endedElsewhere(err); how != "" {
		result, err = fromLedger(ctx, d, started.GetID())
		return result, errors.Join(stopped(started.GetID(), how, result), err)
	}
	return result, err
}
