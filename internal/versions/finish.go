package versions

import (
	"context"
	"errors"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// FinishPublish finishes or abandons an interrupted publish. The log of the table decides: either it has the commit, or FinishPublish
// makes sure that it never will. by says who asks; app is the name under which the commits of the partition are
// numbered.
func FinishPublish(ctx context.Context, l *ledger.Ledger, table *lake.Table, app string, m ledger.Materialization, by lake.CommitInfo) error {
	held, version, err := table.Fence(ctx, lake.Change{Partition: m.Partition, App: app, Txn: m.ID, Info: by})
	unsupported, closed := errors.AsType[*lake.Unsupported](err)
	switch {
	case closed:
		// The process that is about to make the commit is refused as well, because its commit comes after the one that
		// closed the table; and a commit that takes the table back has a higher number.
		return l.AbandonPublish(ctx, m.ID, "its commit was never made, and cannot be: "+unsupported.Error())
	case err != nil:
		return err
	case !held:
		return l.AbandonPublish(ctx, m.ID, "cut short before its commit")
	case version.Info.Run != m.Run:
		return ForeignTable(app, table, "run %s made its version %d, not run %s", version.Info.Run, version.Version, m.Run)
	}
	return l.FinishPublish(ctx, m.ID, version.Version, m.Rows, m.Bytes)
}

// ForeignTable is the error of a table that was written with another ledger.
func ForeignTable(app string, table *lake.Table, format string, args ...any) error {
	why := fault.New(fault.Invalid, "", format, args...)
	return fault.New(fault.Invalid, "publish "+app, "the table %s was written with another ledger: %w", table.Location(), why)
}
