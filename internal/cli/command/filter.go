package command

import (
	"github.com/spf13/cobra"

	"drugslm/internal/asset"
)

// Texts are the words of some states.
func Texts[W ~string](states []W) []string {
	texts := make([]string, len(states))
	for i, s := range states {
		texts[i] = string(s)
	}
	return texts
}

// Filters are --missing, --stale, --failed and --force: one at most.
type Filters struct {
	given map[asset.Filter]*bool
}

// Register adds the flags to a verb.
func (f *Filters) Register(cmd *cobra.Command) {
	f.given = make(map[asset.Filter]*bool)
	names := make([]string, 0, 4)
	for _, one := range []struct {
		filter asset.Filter
		help   string
	}{
		{asset.Missed, "only partitions that were never published, and what is made from them"},
		{asset.Staled, "only partitions that are older than their inputs or their code, or were rolled back, and what is made from them"},
		{asset.Faulty, "only partitions whose last attempt failed or that have quarantined items: all of these are tried again"},
		{asset.Without, "everything again, changed or not"},
	} {
		f.given[one.filter] = cmd.Flags().Bool(string(one.filter), false, one.help)
		names = append(names, string(one.filter))
	}
	cmd.MarkFlagsMutuallyExclusive(names...)
}

// Chosen is the one that was given.
func (f *Filters) Chosen() asset.Filter {
	for filter, given := range f.given {
		if *given {
			return filter
		}
	}
	return asset.Needed
}
