package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
	"drugslm/workflows"
)

func newMaterialize(a *app) *cobra.Command {
	var in workflows.MaterializeInput
	var wait, failed, force bool
	cmd := &cobra.Command{
		Use:   "materialize SELECT...",
		Short: "Bring assets up to date: fetch what is new or changed, check it, publish it",
		Long: `Bring the selected assets up to date. Only what is missing, new, changed or left over is done; --failed also tries
every quarantined item again, --force does everything again. Without --wait it prints the run's id and returns.`,
		Example: `  starter materialize '*' --wait
  starter materialize anvisa/catalog+ --partition Genérico
  starter materialize anvisa/extract --force --wait`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Select, in.Mode = args, mode(failed, force)
			return a.withData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				if _, err := planned(ctx, d, in.Select, asset.Request{Partitions: in.Partitions, Filter: in.Filter}); err != nil {
					return err // better now than in the run
				}
				return a.traced(ctx, "drugslm-starter", func(t *telemetry.Telemetry) error {
					return a.materialize(ctx, c, d, t, in, wait)
				})
			})
		},
	}
	cmd.Flags().StringSliceVarP(&in.Partitions, "partition", "p", nil, "only these partitions, by key or name; may be given several times")
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for the end, showing progress; fails if the run fails")
	cmd.Flags().BoolVar(&failed, "failed", false, "also try everything that is quarantined again")
	cmd.Flags().BoolVar(&force, "force", false, "do everything again, changed or not")
	cmd.MarkFlagsMutuallyExclusive("failed", "force")
	return cmd
}

func mode(failed, force bool) ledger.Mode {
	switch {
	case force:
		return ledger.Force
	case failed:
		return ledger.Failed
	default:
		return ledger.Missing
	}
}

func (a *app) materialize(ctx context.Context, c config.Config, d *host.Data, t *telemetry.Telemetry, in workflows.MaterializeInput, wait bool) error {
	cli, err := host.Dial(ctx, c, t, a.logger(c))
	if err != nil {
		return err
	}
	defer cli.Close()
	started, err := start(ctx, cli, t.Tracer(), in)
	if err != nil {
		return err
	}
	a.note("run %s  %s", started.GetID(), runLink(c, started.GetID(), started.GetRunID()))
	if !wait {
		return a.show(map[string]string{"run_id": started.GetID()}, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, started.GetID())
			return err
		})
	}
	result, err := a.follow(ctx, d, started)
	if len(result.Steps) > 0 {
		err = errors.Join(err, a.show(result, func(w io.Writer) error { return printResult(w, result) }))
	}
	return err
}

// start sends a run to Temporal, in a span of its own to which everything else is linked.
func start(ctx context.Context, cli client.Client, tracer trace.Tracer, in workflows.MaterializeInput) (started client.WorkflowRun, err error) {
	err = telemetry.Do(ctx, tracer, telemetry.StartRun, func(ctx context.Context) error {
		started, err = cli.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:            runID(),
			TaskQueue:     workflows.TaskQueue(asset.QueueOrchestrate),
			StaticSummary: "materialize " + strings.Join(in.Select, " "),
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

// runLink is where the Web UI shows a run; with an empty execution, where it lists all that had the run's id.
func runLink(c config.Config, workflow, execution string) string {
	if c.Temporal.UI == "" {
		return ""
	}
	link := fmt.Sprintf("%s/namespaces/%s/workflows/%s", c.Temporal.UI, c.Temporal.Namespace, url.PathEscape(workflow))
	if execution != "" {
		link += "/" + execution + "/history"
	}
	return link
}

// follow shows a run's progress until it ends, and gives its steps, also when it failed.
func (a *app) follow(ctx context.Context, d *host.Data, started client.WorkflowRun) (workflows.MaterializeResult, error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		newProgress(a, d, started.GetID()).watch(watching)
	}()
	var result workflows.MaterializeResult
	err := started.Get(ctx, &result)
	stop()
	<-watched
	if ctx.Err() != nil {
		a.note("the run goes on where a worker serves it, now or later; to end it: starter runs cancel %s", started.GetID())
		return result, errInterrupted
	}
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		if failure.HasDetails() {
			err = errors.Join(failure.Details(&result))
		} else {
			err = nil
		}
		return result, errors.Join(fault.New(fault.Kind(failure.Type()), "run "+started.GetID(), "%s", failure.Message()), err)
	}
	return result, err
}
