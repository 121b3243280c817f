package complete

import (
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
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
func states(path string) []string {
	switch path {
	case "status":
		return command.Texts(asset.Statuses())
	case "runs list":
		return command.Texts(ledger.RunStates())
	case "items":
		return command.Texts(ledger.States())
	case "backfill show":
		return command.Texts(ledger.StepStates())
	case "hooks list":
		return command.Texts(ledger.EventStates())
	default:
		return nil
	}
}

// kinds are the kinds of failure that an item may have.
func kinds() (all []string) {
	for _, k := range []fault.Kind{fault.Layout, fault.NotFound, fault.Session, fault.Throttled, fault.Refused, fault.Corrupt, fault.Incomplete, fault.Slow, fault.Crash, fault.Internal} {
		all = append(all, string(k))
	}
	return append(all, ledger.KindVanished, ledger.KindDeclared, ledger.KindMissing, ledger.KindForeign, ledger.KindRolledBack)
}
