package dev

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/internal/config"
	"drugslm/workflows"
)

// NewDemo is the verb `demo`.
func NewDemo(a *command.App) *cobra.Command {
	flags := devFlags{simulate: true, quiet: true}
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole lineage once against a simulated portal, and show what came of it",
		Long: `Start everything on this machine with a simulated portal, materialize every asset for every category with live
progress, print what was made and where it lies, and stop. A second demo on the same data finds everything fresh.

Some of the portal's leaflets are special, so that each command has something to show: scans, an encrypted file, a broken
one, a web page in place of a PDF, hidden words, a file that was filed twice and others; --cases=false leaves them out. With
--keep the next day can be turned, on which some leaflets change.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(a, cmd, &flags, func(ctx context.Context, env *environment) error {
				a.Note("%s", env.ready())
				if err := demo(ctx, a, env, keep); err != nil || !keep {
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

func demo(ctx context.Context, a *command.App, env *environment, keep bool) error {
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
	a.Note("\n%s", output.Prose(whereToLook(env, keep)))
	return nil
}

func whereToLook(env *environment, keep bool) string {
	folders := ""
	for _, made := range env.host.Graph.All() {
		if folder := command.TableFolder(env.host.Data, made); folder != "" {
			folders += fmt.Sprintf("  %-16s %s\n", made.Key, folder)
		}
	}
	data := ""
	if env.config.Data != config.Default().Data {
		data = " --data " + env.config.Data
	}
	list := []struct{ words, shows string }{
		{"items --state quarantined", "files that nobody can read, and why"},
		{"items --state absent", "leaflets that the portal does not have"},
		{"checks --failed", "what is odd in the data"},
		{"corpus card", "splits, near duplicates, what is left out"},
		{"quality", "how well the leaflets were read, the worst first"},
	}
	looks := ""
	for _, look := range list {
		looks += fmt.Sprintf("  %-*s  %s\n", len("starter "+list[0].words+data), "starter "+look.words+data, look.shows)
	}
	text := fmt.Sprintf(`Where to look next:
  Web UI           %s
%s
Worth a look, without a server:
%s
Read a table (pip install 'deltalake[pyarrow]' pandas):
  from deltalake import DeltaTable
  print(DeltaTable(%q).to_pandas()[["nome_produto", "audience", "split"]])`,
		env.config.Temporal.UI, folders, looks, command.TableFolder(env.host.Data, last(env.host.Graph.All())))
	if keep && env.portal != nil {
		text += fmt.Sprintf(`

Turn the portal's day, and see what the next run finds, in another terminal:
  curl -X POST %s/_day
  starter materialize '*' --wait%s`, env.portal.URL, data)
	}
	return text
}

func last[T any](list []T) T { return list[len(list)-1] }
