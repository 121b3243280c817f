package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

func newPlan(a *app) *cobra.Command {
	var partitions []string
	cmd := &cobra.Command{
		Use:   "plan SELECT...",
		Short: "Say what materializing a selection would do, and why; changes nothing",
		Example: `  starter plan '*'
  starter plan +anvisa/download --partition Genérico`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				plan, err := planned(ctx, d, args, asset.Request{Partitions: partitions})
				if err != nil {
					return err
				}
				return a.show(plan, func(w io.Writer) error { return printPlan(w, plan) })
			})
		},
	}
	cmd.Flags().StringSliceVarP(&partitions, "partition", "p", nil, "only these partitions, by key or name; may be given several times")
	return cmd
}

// planned is the plan of a selection as the ledger sees the world now.
func planned(ctx context.Context, d *host.Data, selection []string, r asset.Request) (asset.Plan, error) {
	return activities.MakePlan(ctx, d.Graph, d.Ledger, activities.BeginInput{Select: selection, Partitions: r.Partitions, Filter: r.Filter})
}

func printPlan(w io.Writer, plan asset.Plan) error {
	for _, set := range plan.Undiscovered {
		fmt.Fprintf(w, "The source has not been asked for its partitions (%s) yet: the first run does that, then plans.\n", set)
	}
	if len(plan.Steps) == 0 {
		return nil
	}
	rows := make([][]string, len(plan.Steps))
	for i, s := range plan.Steps {
		rows[i] = []string{string(s.Asset), s.Partition.Key, s.Partition.Label, string(s.State), s.Reason}
	}
	return table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "REASON"}, rows)
}
