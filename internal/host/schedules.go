package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/schedule"
)

// reconcileTimeout bounds what a start waits for.
const reconcileTimeout = time.Minute

// Reconciled is what bringing the schedules in line with the configuration changes, or would change.
type Reconciled struct {
	Changes  []schedule.Change `json:"changes"`
	Warnings []string          `json:"warnings"`
}

// Reconcile makes the server's schedules those that the configuration declares; with dryRun it only says what that
// takes. A selection that matches nothing is a fault.Invalid. A partition that is not known is a warning, as partitions come
// and go at the source.
func Reconcile(ctx context.Context, c config.Config, d *Data, temporal client.Client, dryRun bool) (Reconciled, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	result := Reconciled{Changes: []schedule.Change{}, Warnings: []string{}}
	if err := d.checkSchedules(ctx, c.Schedules, &result); err != nil {
		return result, err
	}
	names := make([]string, len(c.Schedules))
	for i, s := range c.Schedules {
		names[i] = s.Name
	}
	server := schedule.NewServer(temporal)
	existing, err := server.Known(ctx, names)
	if err != nil {
		return result, err
	}
	result.Changes = append(result.Changes, schedule.Compare(c.Schedules, existing)...)
	for _, change := range result.Changes {
		if change.Action == schedule.ActionConflict {
			result.Warnings = append(result.Warnings, fmt.Sprintf("schedule %s %s", change.Name, change.Reason))
		}
	}
	if dryRun {
		return result, nil
	}
	return result, schedule.Apply(ctx, server, result.Changes)
}

// checkSchedules holds the selections against the assets there are, and the partitions against those that are known.
func (d *Data) checkSchedules(ctx context.Context, declared []config.Schedule, result *Reconciled) error {
	state, err := planning.LoadState(ctx, d.Graph, d.Ledger)
	if err != nil {
		return err
	}
	view := d.Graph.View(state)
	var errs []error
	for i, s := range declared {
		if err := schedule.Define(s).Fits(); err != nil {
			errs = append(errs, fmt.Errorf("schedules[%d]: %w", i, err))
			continue
		}
		selected, err := planning.Select(ctx, d.Graph, d.Ledger, s.Select...)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedules[%d].select: %w", i, err))
			continue
		}
		if _, err := view.Plan(selected, asset.Request{Partitions: s.Partitions}); err != nil {
			result.Warnings = append(result.Warnings, fmt.Sprintf("schedules[%d].partitions: %v", i, err))
		}
	}
	return fault.Wrap(fault.Invalid, "read configuration", errors.Join(errs...))
}

// reconcile does it at the start of a worker that starts runs.
func (h *Host) reconcile(ctx context.Context) error {
	if h.config.Schedules == nil {
		return nil
	}
	result, err := Reconcile(ctx, h.config, h.Data, h.Temporal, false)
	if err != nil {
		return err
	}
	for _, change := range result.Changes {
		h.log.Info("schedule", "name", change.Name, "action", change.Action, "reason", change.Reason)
	}
	for _, warning := range result.Warnings {
		h.log.Warn(warning)
	}
	return nil
}
