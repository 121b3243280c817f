package complete

import (
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// words are the values of a flag that takes one of a few; none where it takes something else.
func words(cmd *cobra.Command, name string) []string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	switch name {
	case "output":
		return []string{"text", "json"}
	case "mode":
		return []string{"watch", "request"}
	case "format":
		return []string{"jsonl", "parquet"}
	case "overlap":
		return []string{"skip", "buffer-one", "buffer-all", "cancel-other", "terminate-other", "allow-all"}
	case "tz":
		return []string{"America/Sao_Paulo", "UTC"}
	case "level", "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "log-format":
		return []string{"text", "json"}
	case "state":
		return states(path)
	default:
		return nil
	}
}

// states are the values of --state of a verb; none where it is another thing.
func states(path string) (all []string) {
	switch path {
	case "status":
		for _, s := range asset.Statuses() {
			all = append(all, string(s))
		}
	case "runs list":
		for _, s := range []ledger.RunState{ledger.RunRunning, ledger.RunSucceeded, ledger.RunFailed, ledger.RunCanceled} {
			all = append(all, string(s))
		}
	case "items":
		for _, s := range []ledger.State{ledger.Pending, ledger.Made, ledger.Staged, ledger.Published, ledger.Absent, ledger.Quarantined} {
			all = append(all, string(s))
		}
	case "backfill show":
		all = []string{"waiting", "running", "done", "failed", "skipped", "canceled"}
	case "hooks list":
		all = []string{"pending", "delivered", "abandoned", "unwanted"}
	}
	return all
}

// kinds are the kinds of failure that an item may have.
func kinds() (all []string) {
	for _, k := range []fault.Kind{fault.Layout, fault.NotFound, fault.Session, fault.Throttled, fault.Refused, fault.Corrupt, fault.Incomplete, fault.Slow, fault.Crash, fault.Internal} {
		all = append(all, string(k))
	}
	return append(all, ledger.KindVanished, ledger.KindDeclared, ledger.KindMissing, ledger.KindForeign, ledger.KindRolledBack)
}
