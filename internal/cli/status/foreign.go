package status

import (
	"context"
	"slices"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/versions"
)

// foreign is what other programs did to an asset's table and no run has followed yet, by partition. refused says why the table
// cannot be used at all; "" when it can.
type foreign struct {
	changes map[string]versions.ForeignChange
	refused string
}

// othersOf finds what other programs did to an asset's table.
func othersOf(ctx context.Context, d *host.Data, a *asset.Asset) (found foreign, err error) {
	if a.External() {
		return found, nil
	}
	table := d.Table(a)
	if err := table.Usable(ctx, true); err != nil {
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Corrupt {
			return found, err
		}
		return foreign{refused: versions.WithRepairCommand(a, err).Error()}, nil
	}
	drifts, err := command.Maintainer(d).ForeignChanges(ctx, a)
	if err != nil {
		return found, err
	}
	found.changes = make(map[string]versions.ForeignChange, len(drifts))
	for _, drift := range drifts {
		found.changes[drift.Partition] = drift
	}
	return found, nil
}

// changedBy shows what another program did to a partition: it is not fresh, whatever the ledger says.
func changedBy(p *api.PartitionStatus, drift versions.ForeignChange, changed bool, refused string) {
	switch {
	case refused != "" && p.Version != nil:
		p.State, p.Axis, p.Reason = asset.Stale, asset.SourceAxis, refused
	case changed:
		p.Foreign = drift.Commits
		switch p.State {
		case asset.Fresh, asset.Stale:
			p.State, p.Axis, p.Reason = asset.Stale, asset.SourceAxis, drift.Description()
		default:
			p.Reason += "; " + drift.Description()
		}
	}
}

// strangers shows partitions that only another program knows.
func strangers(found map[string]versions.ForeignChange) []api.PartitionStatus {
	var all []api.PartitionStatus
	for key, drift := range found {
		all = append(all, api.PartitionStatus{
			Partition: key, Label: "of another program", State: asset.Stale, Axis: asset.SourceAxis, Reason: "no partition of this asset: " + drift.Description(), Foreign: drift.Commits,
			Items: api.ItemCounts(ledger.Counts{}),
		})
	}
	slices.SortFunc(all, func(a, b api.PartitionStatus) int { return asset.NaturalOrder(a.Partition, b.Partition) })
	return all
}
