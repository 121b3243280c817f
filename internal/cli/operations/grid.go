package operations

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

// NewGrid is the verb `grid`.
func NewGrid(a *command.App) *cobra.Command {
	cmd := &cobra.Command{Use: "grid", Short: "Show browser sessions, and end those of workers that are gone", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newGridStatus(a), newGridReap(a))
	return cmd
}

func newGridStatus(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the browser sessions of the hub and of local drivers, with their owners",
		Long: `Show every browser session that the data folder or the hub (HUB_URL) knows: who holds it, since when, until when its
lease is, and whether its owner is gone ("orphan"). "unrecorded" is a session of the hub that no worker of this data
folder has recorded: somebody else's, or, with an owner, one that is just being made. Changes nothing. A hub that does
not answer ends it with exit code 1, after what the data folder knows.`,
		Example: `  starter grid status
  starter grid status --hub-url http://127.0.0.1:4444 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				found, err := host.Sessions(ctx, c, d.Ledger)
				if err != nil && found == nil {
					return err
				}
				if shown := showSessions(a, found); shown != nil {
					return shown
				}
				return err
			})
		},
	}
}

func newGridReap(a *command.App) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "reap",
		Short: "End the browser sessions whose workers are gone",
		Long: `End the browser sessions whose workers are gone, and no others, and print which. A worker on this machine is gone when its
process is; of another it takes up to half a minute without a sign of life. Workers do this by themselves: it is for
when none runs. With a hub that does not answer, what is left of drivers on this machine is ended all the same.`,
		Example: `  starter grid reap --dry-run
  starter grid reap --hub-url http://127.0.0.1:4444`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ToChangeUnless(dry, cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				ended, err := host.ReapSessions(ctx, c, d.Ledger, a.Logger(c), dry)
				if err != nil && ended == nil {
					return err
				}
				if shown := showSessions(a, ended); shown != nil {
					return shown
				}
				if dry {
					a.Note("%d would be ended", len(ended))
				} else {
					a.Note("%d ended", len(ended))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only print which would be ended")
	return cmd
}

func showSessions(a *command.App, found []host.Session) error {
	views := make([]api.Session, len(found))
	rows := make([][]string, len(found))
	for i, s := range found {
		views[i] = api.Session{
			Session: s.ID, Hub: s.Hub, Owner: s.Owner, State: string(s.State), AtHub: s.AtHub,
			Started: api.Instant(s.Started), LeaseExpires: api.Instant(s.Expires), OwnerSeen: api.Instant(s.OwnerSeen),
		}
		rows[i] = []string{s.ID, string(s.State), cmp.Or(s.Owner, "–"), s.Hub, output.Age(s.Started), output.When(s.Expires), output.When(s.OwnerSeen)}
	}
	return a.Show(api.SessionList{Sessions: views}, func(w io.Writer) error {
		return output.Table(w, []string{"SESSION", "STATE", "OWNER", "HUB", "AGE", "LEASE UNTIL", "OWNER SEEN"}, rows)
	})
}
