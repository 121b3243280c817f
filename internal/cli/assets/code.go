package assets

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

func newAllowCode(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "allow-code ASSET VERSION",
		Short: "Put an older version of an asset's code in force, to go back to an older build",
		Long: `Workers with older code than an asset was synced with last leave its steps to others, so that a forgotten worker does not
recompute everything with old code. Before you go back to an older build, allow its version here. The next run of each
partition then makes the items again with that code. Newer code that comes later is in force again by itself.`,
		Example: "  starter assets allow-code anvisa/extract 2",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ToChange(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				made, err := d.Graph.Get(asset.Key(args[0]))
				if err != nil {
					return err
				}
				if args[1] == "" {
					return fault.New(fault.Invalid, "allow code", "the version is empty")
				}
				was, err := d.Ledger.AllowCode(ctx, string(made.Key), args[1])
				if err != nil {
					return err
				}
				view := api.CodeAllowed{Asset: made.Key, InForce: args[1], Was: was}
				return a.Show(view, func(w io.Writer) error {
					_, err := output.Writef(w, "%s: code version %s is in force, before it was %s\n", view.Asset, view.InForce, cmp.Or(view.Was, "none"))
					return err
				})
			})
		},
	}
}
