package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"drugslm/internal/asset"
	"drugslm/internal/host"
	"drugslm/workflows"
)

func newDemo(a *app) *cobra.Command {
	flags := devFlags{simulate: true}
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole lineage once against a simulated portal, and show what came of it",
		Long: `Start everything on this machine with a simulated portal, materialize every asset for every category with live
progress, print what was made and where it lies, and stop. A second demo on the same data finds everything fresh.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.within(cmd, &flags, func(ctx context.Context, env *environment) error {
				a.note("%s", env.ready())
				if err := a.demo(ctx, env); err != nil || !keep {
					return err
				}
				a.note("everything stays up: Ctrl-C stops it")
				return env.wait(ctx)
			})
		},
	}
	flags.register(cmd)
	cmd.Flags().BoolVar(&keep, "keep", false, "leave everything up until Ctrl-C")
	return cmd
}

func (a *app) demo(ctx context.Context, env *environment) error {
	started, err := start(ctx, env.host.Temporal, env.host.Tracer(), workflows.MaterializeInput{Select: []string{"*"}})
	if err != nil {
		return err
	}
	a.note("run %s  %s", started.GetID(), runLink(env.config, started.GetID(), started.GetRunID()))
	result, err := a.follow(ctx, env.host.Data, started)
	if len(result.Steps) > 0 {
		if err := a.show(result, func(w io.Writer) error { return printResult(w, result) }); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	a.note("\n%s", prose(whereToLook(env)))
	return nil
}

func whereToLook(env *environment) string {
	folders := ""
	for _, made := range env.host.Graph.All() {
		folders += fmt.Sprintf("  %-16s %s\n", made.Key, tableFolder(env.host.Data, made))
	}
	return fmt.Sprintf(`Where to look next:
  Web UI           %s
%s
Read a table (pip install 'deltalake[pyarrow]' pandas):
  from deltalake import DeltaTable
  print(DeltaTable(%q).to_pandas()[["nome_produto", "audience", "characters"]])`,
		env.config.Temporal.UI, folders, tableFolder(env.host.Data, last(env.host.Graph.All())))
}

// tableFolder is where an asset's table lies; nowhere, if it is external.
func tableFolder(d *host.Data, a *asset.Asset) string {
	if a.External() {
		return ""
	}
	return filepath.Join(d.Root, filepath.FromSlash(a.Location))
}

func last[T any](list []T) T { return list[len(list)-1] }
