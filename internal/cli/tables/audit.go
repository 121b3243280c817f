package tables

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/audit"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
)

// NewAudit is the verb `audit`.
func NewAudit(a *command.App) *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Recompute from ledger, tables and PDFs that nothing is lost; fails with the list of what does not add up",
		Long: `Recompute the conservation law from the bottom: for every partition, discovered = published + absent + quarantined +
pending; every published item has exactly one row and every row its item, of the fingerprint and the code version that the
ledger says; every PDF that a row names is there with the bytes its sha256 promises. Exits with 1 and the list of what does
not add up. Reads only, unless --repair is given: then the next run makes the rows again that are not of the fingerprint or the
code version that the ledger says.`,
		Example: "  starter audit\n  starter audit --repair && starter materialize '*'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ToChangeUnless(!repair, cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				report, err := audit.Run(ctx, audit.Subject{Graph: d.Graph, Ledger: d.Ledger, Table: d.Table, Leaflets: func(key asset.Key) *lake.Blobs { return d.Leaflets(key).Blobs }, Repair: repair})
				if err != nil {
					return err
				}
				if err := a.Show(report, func(w io.Writer) error { return printAudit(w, report) }); err != nil {
					return err
				}
				if n := len(report.Findings); n > 0 {
					return fmt.Errorf("%d findings: what is published is not what the ledger says", n)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "let the next run make rows again that are not of the ledger's fingerprint or code version")
	return cmd
}

func printAudit(w io.Writer, r audit.Report) error {
	output.Writef(w, "%d partitions, %d items, %d rows, %d PDFs examined\n", r.Partitions, r.Items, r.Rows, r.Files)
	for _, f := range r.Findings {
		where := string(f.Asset)
		if f.Partition != "" {
			where += "[" + f.Partition + "]"
		}
		output.Writef(w, "  %s %s: %s\n", where, f.Subject, f.Problem)
		if f.Repair != "" {
			output.Writef(w, "    → %s\n", f.Repair)
		}
	}
	if len(r.Findings) == 0 {
		output.Writeln(w, "everything adds up")
	}
	return nil
}

// NewSweep is the verb `sweep`.
func NewSweep(a *command.App) *cobra.Command {
	var older time.Duration
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Remove the files that killed writers left behind",
		Long: `Remove data files that no version of a table refers to and that the ledger does not need, and temporary files, once
they are older than --older. Readers never see such files; they only take room. Files of old versions are for "starter vacuum".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ToChange(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				removed, err := sweep(ctx, d, older)
				if err != nil {
					return err
				}
				return a.Show(api.Swept{Removed: removed}, func(w io.Writer) error {
					for _, path := range removed {
						output.Writeln(w, path)
					}
					_, err := output.Writef(w, "%d files removed\n", len(removed))
					return err
				})
			})
		},
	}
	cmd.Flags().DurationVar(&older, "older", 24*time.Hour, "spare files that are younger: a run may still need them")
	return cmd
}

func sweep(ctx context.Context, d *host.Data, older time.Duration) ([]string, error) {
	removed := []string{}
	for _, made := range d.Graph.All() {
		needed := make(map[string]bool)
		if made.External() {
			continue
		}
		partitions, err := d.Ledger.EveryPartition(ctx, string(made.Key))
		if err != nil {
			return nil, err
		}
		for _, p := range partitions {
			staged, _, err := d.Ledger.StagedFiles(ctx, string(made.Key), p)
			if err != nil {
				return nil, err
			}
			for _, path := range staged {
				needed[path] = true
			}
		}
		parts, err := d.Ledger.AllDataFiles(ctx, string(made.Key))
		if err != nil {
			return nil, err
		}
		for _, of := range parts { // also those that another program took out of the table: a run puts their rows back
			for path := range of {
				needed[path] = true
			}
		}
		gone, err := d.Table(made).Sweep(ctx, older, func(path string) bool { return needed[path] })
		if err != nil {
			return nil, err
		}
		for _, path := range gone {
			removed = append(removed, made.Location+"/"+path)
		}
	}
	return removed, nil
}
