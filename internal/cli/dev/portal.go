package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/complete"
	"drugslm/internal/cli/output"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

// portalFlags are the settings of a simulated portal.
type portalFlags struct {
	simulator.Options
	faults string
}

// register adds the flags. cases says whether special leaflets are among the portal's where nothing else is asked for.
func (p *portalFlags) register(flags *pflag.FlagSet, retryAfter time.Duration, cases bool) {
	flags.IntVar(&p.Products, "products", 150, "how many products of its own the simulated portal has")
	flags.Uint64Var(&p.Seed, "seed", 1, "what its products, leaflets and faults are made from")
	flags.StringVar(&p.Listing, "listing", "", "serve this real listing (CSV or CSV.gz) instead of products of its own")
	flags.StringVar(&p.Claims, "claims", "", "claim the totals of this listing (CSV or CSV.gz), whatever is served")
	flags.StringVar(&p.Leaflets, "leaflets", "", "serve the PDFs of this folder instead of generated ones")
	command.Paths(flags, "listing", "claims", "leaflets")
	flags.BoolVar(&p.Cases, "cases", cases, "make some leaflets special: scans, an encrypted file, a broken one, a file that was filed twice and others")
	flags.StringVar(&p.faults, "fault", "", "switch on faults: name or name=rate, apart by commas; all switches on every one")
	flags.DurationVar(&p.Latency, "latency", 0, "wait so long before each answer")
	flags.DurationVar(&p.RetryAfter, "retry-after", retryAfter, "how long throttled and banned clients are told to wait")
}

func (p *portalFlags) open() (*simulator.Portal, error) {
	faults, err := simulator.ParseFaults(p.faults)
	if err != nil {
		return nil, err
	}
	p.Faults = faults
	return simulator.New(p.Options)
}

// NewPortal is the verb `portal`.
func NewPortal(a *command.App) *cobra.Command {
	var flags portalFlags
	var listen string
	cmd := &cobra.Command{
		Use:   "portal",
		Short: "Serve a simulated portal, as faithful and as hostile as the real one",
		Long: `Serve a simulated portal: the pages, the JSON API and the PDFs of the Bulário Eletrônico, from a seed or from
real listings and leaflets. GET /_log shows every request with its time, POST /_day begins the next day; POST /_day?leaflets=12&products=0 gives
twelve products a new leaflet, and lets none come or go. With --state a portal that is killed goes on as the same one.

Faults:
` + faultHelp(),
		Example: `  starter portal --listen 127.0.0.1:9000 --products 500
  starter portal --fault lost-page=0.05,ban,truncated-pdf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := startPortal(cmd.Context(), &flags, listen)
			if err != nil {
				return err
			}
			if _, err := output.Writef(a.Stdout, "ready %s\n", server.URL); err != nil {
				return errors.Join(err, server.stop())
			}
			return server.wait(cmd.Context())
		},
	}
	flags.register(cmd.Flags(), 10*time.Minute, false) // as the real one
	completeFaults(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9000", "address to serve on; port 0 chooses a free one")
	cmd.Flags().StringVar(&flags.State, "state", "", "keep day, bans and every request in this folder, and go on from it after a stop or a kill")
	command.Paths(cmd.Flags(), "state")
	return cmd
}

func faultHelp() string {
	var b strings.Builder
	for _, f := range simulator.FaultNames() {
		fmt.Fprintf(&b, "  %-15s %s\n", f.Name, f.Help)
	}
	return b.String()
}

// portalServer is a simulated portal that serves.
type portalServer struct {
	URL    string
	server *http.Server
	failed chan error
}

func startPortal(ctx context.Context, flags *portalFlags, listen string) (*portalServer, error) {
	p, err := flags.open()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "serve portal", "%w: choose another address with --listen", err)
	}
	s := &portalServer{
		URL:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second},
		failed: make(chan error, 1),
	}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s, nil
}

// wait serves until ctx ends.
func (s *portalServer) wait(ctx context.Context) error {
	select {
	case err := <-s.failed:
		return err
	case <-ctx.Done():
		return s.stop()
	}
}

func (s *portalServer) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		return s.server.Close() // somebody holds a slow answer open
	}
	return nil
}

// completeFaults lets a shell complete the names of faults.
func completeFaults(cmd *cobra.Command) {
	var names []string
	for _, f := range simulator.FaultNames() {
		names = append(names, f.Name)
	}
	_ = cmd.RegisterFlagCompletionFunc("fault", complete.Words(names...)) // the flag is there
}
