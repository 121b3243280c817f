package dev

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/workflows"
)

// NewDemo is the verb `demo`.
func NewDemo(a *command.App) *cobra.Command {
	flags := devFlags{simulate: true}
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole lineage once against a simulated portal, and show what came of it",
		Long: `Start everything on this machine with a simulated portal, materialize every asset for every category with live
progress, print what was made and where it lies, and stop. A second demo on the same data finds everything fresh.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(a, cmd, &flags, func(ctx context.Context, env *environment) error {
				a.Note("%s", env.ready())
				if err := demo(ctx, a, env); err != nil || !keep {
					return err
				}
				a.Note("everything stays up: Ctrl-C stops it")
				return env.wait(ctx)
			})
		},
	}
	flags.register(cmd)
	cmd.Flags().BoolVar(&keep, "keep", false, "leave everything up until Ctrl-C")
	return cmd
}

func demo(ctx context.Context, a *command.App, env *environment) error {
	started, err := runs.Start(ctx, env.host.Temporal, env.host.Tracer(), workflows.MaterializeInput{Select: []string{"*"}})
	if err != nil {
		return err
	}
	a.Note("run %s  %s", started.GetID(), command.RunLink(env.config, started.GetID(), started.GetRunID()))
	result, err := runs.Follow(ctx, a, env.host.Data, started)
	if len(result.Steps) > 0 {
		if err := a.Show(result, func(w io.Writer) error { return runs.PrintResult(w, result) }); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	a.Note("\n%s", output.Prose(whereToLook(env)))
	return nil
}

func whereToLook(env *environment) string {
	folders := ""
	for _, made := range env.host.Graph.All() {
		folders += fmt.Sprintf("  %-16s %s\n", made.Key, command.TableFolder(env.host.Data, made))
	}
	return fmt.Sprintf(`Where to look next:
  Web UI           %s
%s
Read a table (pip install 'deltalake[pyarrow]' pandas):
  from deltalake import DeltaTable
  print(DeltaTable(%q).to_pandas()[["nome_produto", "audience", "characters"]])`,
		env.config.Temporal.UI, folders, command.TableFolder(env.host.Data, last(env.host.Graph.All())))
}

func last[T any](list []T) T { return list[len(list)-1] }
