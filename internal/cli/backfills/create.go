package backfills

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// createFlags are what `backfill create` can be told beside the selection.
type createFlags struct {
	in                            workflows.BackfillInput
	missing, failed, stale, force bool
	wait                          bool
}

func newBackfillCreate(a *command.App) *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create SELECT...",
		Short: "Start a backfill, or attach to it when it exists",
		Long: `Start a backfill over the selected assets. --partitions takes keys, names, globs and ranges "A..B" with both ends, several
of them apart by commas; without it, or with "all", every partition is meant. --missing, --stale and --failed narrow it to
those that stand so, --force makes everything again; without any of them, what needs it is done.

The id, unless --id gives one, is derived from what is asked for: the same command again attaches to the same backfill and
doubles nothing. One that has ended stays ended: "backfill retry" does what failed in it, another --id does all of it anew.`,
		Example: `  starter backfill create anvisa/updates --partitions '2026-01-01..2026-03-31' --wait
  starter backfill create 'anvisa/*' --stale --max-in-flight 4 --rate 30
  starter backfill create '+anvisa/extract' --partitions 'Genérico,Novo' --force --id again --priority 2`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.in.Select = args
			if err := f.complete(); err != nil {
				return err
			}
			return createBackfill(a, cmd, f)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.in.Partitions, "partitions", "p", nil, "keys, names, globs or ranges A..B; all: every one")
	flags.BoolVar(&f.missing, "missing", false, "only partitions that were never published")
	flags.BoolVar(&f.failed, "failed", false, "only partitions with items that failed, all of which are tried again")
	flags.BoolVar(&f.stale, "stale", false, "only partitions whose inputs or code are newer")
	flags.BoolVar(&f.force, "force", false, "do everything again, changed or not")
	flags.IntVar(&f.in.Settings.MaxInFlight, "max-in-flight", workflows.DefaultMaxInFlight, "partitions under way at a time")
	flags.Float64Var(&f.in.Settings.Rate, "rate", 0, "partitions begun per minute; 0: no limit")
	flags.IntVar(&f.in.Settings.Priority, "priority", workflows.DefaultBackfillPriority, "1 (first) to 5 (last); runs by hand have 1, schedules 2")
	flags.StringVar(&f.in.ID, "id", "", "its id; derived from the request if it is not given")
	flags.BoolVarP(&f.wait, "wait", "w", false, "wait for the end, showing progress; fails if a partition fails")
	cmd.MarkFlagsMutuallyExclusive("missing", "failed", "stale", "force")
	return cmd
}

// complete fills in what follows from the flags, and checks it.
func (f *createFlags) complete() error {
	if len(f.in.Partitions) == 0 {
		f.in.Partitions = []string{"all"} // a run without partitions leaves history alone; a backfill is for it
	}
	for filter, on := range map[asset.Filter]bool{asset.Missed: f.missing, asset.Faulty: f.failed, asset.Staled: f.stale, asset.Without: f.force} {
		if on {
			f.in.Filter = filter
		}
	}
	if f.in.ID == "" {
		f.in.ID = derivedID(f.in.BackfillRequest)
	}
	if err := checkBackfillID(f.in.ID); err != nil {
		return err
	}
	return workflows.CheckSettings(f.in.Settings)
}

var notInIDs = regexp.MustCompile(`[^a-z0-9]+`)

// derivedID names a backfill after what it selects, and distinguishes it from others by a digest of the whole request.
func derivedID(r activities.BackfillRequest) string {
	name := strings.Trim(notInIDs.ReplaceAllString(strings.ToLower(strings.Join(r.Select, " ")), "-"), "-")
	if name = strings.Trim(name[:min(len(name), 40)], "-"); name == "" {
		name = "all"
	}
	digest := sha256.Sum256([]byte(strings.Join([]string{strings.Join(r.Select, " "), strings.Join(r.Partitions, "\n"), string(r.Filter)}, "\x00")))
	return name + "-" + hex.EncodeToString(digest[:4])
}

func createBackfill(a *command.App, cmd *cobra.Command, f createFlags) error {
	return a.ToBegin(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		known, exists, err := d.Ledger.Backfill(ctx, f.in.ID)
		if err != nil {
			return err
		}
		view := api.BackfillCreated{ID: f.in.ID, Link: command.RunLink(c, workflows.BackfillID(f.in.ID), "")}
		if exists {
			return attach(a, cmd, f, known, view)
		}
		p, err := runs.PreparePlan(ctx, d, f.in.Select, asset.Request{Partitions: f.in.Partitions, Filter: f.in.Filter})
		if err != nil {
			return err // better now than in the workflow
		}
		if len(p.Plan.Steps) == 0 && len(p.Plan.Undiscovered) == 0 {
			view.State = ledger.BackfillCompleted
			a.Note("nothing to do: %d partitions are selected, and none is %s", p.Plan.Left, wanted(f.in.Filter))
			return a.ShowLine(view, "%s", view.ID)
		}
		view.Created = true
		return sendBackfill(a, cmd, f, view)
	})
}

func wanted(f asset.Filter) string {
	if f == asset.Needed {
		return "in need of it"
	}
	return string(f)
}

// attach continues with a backfill that exists.
func attach(a *command.App, cmd *cobra.Command, f createFlags, known ledger.Backfill, view api.BackfillCreated) error {
	if err := f.in.Differs(known); err != nil {
		return err
	}
	view.State = known.State
	if !known.State.Ended() {
		a.Note("backfill %s exists since %s: attaching to it", known.ID, output.When(known.Created))
		return sendBackfill(a, cmd, f, view)
	}
	a.Note("backfill %s was created at %s and is %s: nothing new begins. `starter backfill retry %s` does what failed, another --id does it anew",
		known.ID, output.When(known.Created), known.State, known.ID)
	if err := a.ShowLine(view, "%s", view.ID); err != nil || !f.wait {
		return err
	}
	return ended(known, ledger.BackfillCompleted)
}

func sendBackfill(a *command.App, cmd *cobra.Command, f createFlags, view api.BackfillCreated) error {
	return a.WithServer(cmd, nil, func(ctx context.Context, c config.Config, d *host.Data, cli client.Client) error {
		a.Note("backfill %s  %s", view.ID, view.Link)
		var status workflows.BackfillStatus
		if err := order(ctx, cli, f.in, true, 0, workflows.UpdateCreate, f.in.BackfillRequest, &status); err != nil {
			return err
		}
		view.State, view.Steps = status.State, status.Steps
		if !f.wait {
			return a.ShowLine(view, "%s", view.ID)
		}
		return waitBackfill(ctx, a, c, d, cli, view.ID, ledger.BackfillCompleted)
	})
}
