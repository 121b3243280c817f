package cli

import (
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

func newVersion(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this build", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := a.Config(cmd); err != nil {
				return err
			}
			v := api.Build{Version: host.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			return a.Show(v, func(w io.Writer) error {
				_, err := output.Writef(w, "drugslm %s (%s, %s)\n", v.Version, v.Go, v.Platform)
				return err
			})
		},
	}
}

// newPDFServe is the child process in which PDFs and their texts are read; the extractor starts it.
func newPDFServe() *cobra.Command {
	return &cobra.Command{
		Use: "pdf-serve", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return pdf.Serve(cmd.Context(), os.Stdin, os.Stdout, leaflet.Handle)
		},
	}
}
