// Package dev has the verbs that start a whole environment on one machine.
package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/announce"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/sources/anvisa/simulator"
	"drugslm/internal/telemetry"
)

// devFlags are the settings of a development environment.
type devFlags struct {
	simulate     bool
	quiet        bool // the progress of the run that it follows says enough
	portal       portalFlags
	temporalPort int
	uiPort       int
}

func (f *devFlags) register(cmd *cobra.Command) {
	f.portal.register(cmd.Flags(), 2*time.Second, true)
	completeFaults(cmd)
	cmd.Flags().IntVar(&f.temporalPort, "temporal-port", 7233, "port of the Temporal server; 0 chooses a free one")
	cmd.Flags().IntVar(&f.uiPort, "ui-port", 8080, "port of the Temporal Web UI; 0 chooses a free one")
}

// NewDev is the verb `dev`.
func NewDev(a *command.App) *cobra.Command {
	var flags devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Start everything on this machine: Temporal with its Web UI, browser sessions, a worker",
		Long: `Start everything on this machine, in the foreground: the embedded Temporal server with its Web UI, browser sessions
and a worker; with --simulate also a simulated portal instead of the real source. Prints "ready" with the addresses
when work can be sent, and stops all it started on Ctrl-C. What is unfinished then goes on at the next start.`,
		Example: `  starter dev --simulate --products 500
  starter dev --data ~/drugslm`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(a, cmd, &flags, func(ctx context.Context, env *environment) error {
				if _, err := output.Writeln(a.Stdout, env.ready()); err != nil {
					return err
				}
				return env.wait(ctx)
			})
		},
	}
	flags.register(cmd)
	cmd.Flags().BoolVar(&flags.simulate, "simulate", false, "use a simulated portal instead of the real source")
	return cmd
}

// environment is a development environment that runs.
type environment struct {
	config    config.Config
	host      *host.Host
	portal    *portalServer   // nil: the source is not simulated
	temporal  *temporalServer // nil: somebody else's server is used
	announced *announce.Announcement

	stopped chan error // what the worker ended with
}

// within starts an environment, runs fn in it and stops it, whatever happens.
func within(a *command.App, cmd *cobra.Command, flags *devFlags, fn func(ctx context.Context, env *environment) error) error {
	return a.Traced(cmd.Context(), "drugslm-dev", func(t *telemetry.Telemetry) error {
		env := &environment{stopped: make(chan error, 1)}
		err := env.start(cmd, a, flags, t)
		work, stop := context.WithCancel(context.WithoutCancel(cmd.Context()))
		if err == nil {
			go func() { env.stopped <- env.host.Run(work) }()
			err = fn(cmd.Context(), env)
			stop()
			err = errors.Join(err, <-env.stopped)
		}
		stop()
		return errors.Join(err, env.stop(cmd.Context()))
	})
}

func (env *environment) start(cmd *cobra.Command, a *command.App, flags *devFlags, t *telemetry.Telemetry) (err error) {
	if flags.simulate {
		if env.portal, err = startPortal(cmd.Context(), &flags.portal, "127.0.0.1:0"); err != nil {
			return err
		}
		if err := pointAt(cmd, env.portal.URL); err != nil {
			return err
		}
	}
	if flags.quiet && !given(cmd, "log-level", "DRUGSLM_LOG_LEVEL") {
		if err := cmd.Flags().Set("log-level", "warn"); err != nil {
			return err
		}
	}
	if env.config, err = a.ConfigOfItsOwn(cmd); err != nil {
		return err
	}
	if err := host.Alone(env.config); err != nil {
		return err
	}
	env.config.Grid.NoSandbox = withoutSandbox(a, env.config.Grid, flags.simulate)
	if err := env.server(cmd, a, flags); err != nil {
		return err
	}
	if env.host, err = host.Open(cmd.Context(), env.config, t, a.Logger(env.config)); err != nil {
		return err
	}
	env.announced, err = host.Announce(env.config)
	return err
}

// server starts a Temporal server, unless an address of one was given.
func (env *environment) server(cmd *cobra.Command, a *command.App, flags *devFlags) (err error) {
	if from := a.Origin["temporal.address"]; from != "" {
		if !strings.HasPrefix(from, "--") {
			a.Note("note: no Temporal server is started, as %s names %s: without it, one is", from, env.config.Temporal.Address)
		}
		return nil
	}
	temporal, ui := freePort(a, cmd, "temporal-port", flags.temporalPort), freePort(a, cmd, "ui-port", flags.uiPort)
	if env.temporal, err = startTemporal(cmd.Context(), env.config.Data, temporal, ui); err != nil {
		return err
	}
	env.config.Temporal.Address, env.config.Temporal.UI = env.temporal.Address, config.URL(env.temporal.UI)
	return nil
}

// freePort is a port that nobody asked for if it is free, and else 0, which lets the system choose: other commands find the
// server in the data folder. A port that was asked for is kept.
func freePort(a *command.App, cmd *cobra.Command, flag string, port int) int {
	if cmd.Flags().Changed(flag) || port == 0 {
		return port
	}
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		a.Note("note: port %d is taken, another is used; --%s chooses one", port, flag)
		return 0
	}
	_ = listener.Close()
	return port
}

// withoutSandbox reports whether Chromium runs without its sandbox. Root must say so, or ask for the simulated portal, whose
// pages are made by this program: they are all that the browser sees.
func withoutSandbox(a *command.App, g config.Grid, simulate bool) bool {
	if !g.NoSandbox && simulate && g.Hub == "" && os.Geteuid() == 0 && os.Getenv("DRUGSLM_GRID_NO_SANDBOX") == "" {
		a.Note("note: Chromium runs without its sandbox, as it must for root; it sees the simulated portal on this machine and nothing else")
		return true
	}
	return g.NoSandbox
}

// pointAt makes a simulated portal the source, with its open data; on this machine it needs no pace. What the user asks
// for instead counts, but for the portal itself.
func pointAt(cmd *cobra.Command, url string) error {
	for _, setting := range []struct{ flag, env, value string }{
		{"source-url", "", url},
		{"source-open-data", "DRUGSLM_SOURCES_ANVISA_OPEN_DATA", url + simulator.OpenDataPath},
		{"budget-rps", "DRUGSLM_BUDGET_RPS", "0"},
	} {
		if setting.env != "" && (given(cmd, setting.flag, setting.env) || os.Getenv(config.FormerVariable(setting.env)) != "") {
			continue
		}
		if err := cmd.Flags().Set(setting.flag, setting.value); err != nil {
			return err
		}
	}
	return nil
}

// given reports whether the user set something, by flag or by environment.
func given(cmd *cobra.Command, flag, env string) bool {
	return cmd.Flags().Changed(flag) || os.Getenv(env) != ""
}

func (env *environment) ready() string {
	return fmt.Sprintf("ready temporal=%s ui=%s source=%s data=%s",
		env.config.Temporal.Address, env.config.Temporal.UI, env.config.Sources.Anvisa.URL, env.host.Root)
}

// wait keeps the environment up until ctx ends or the worker fails.
func (env *environment) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-env.stopped:
		env.stopped <- err
		return err
	}
}

// stop stops what was started, the server last.
func (env *environment) stop(ctx context.Context) error {
	var errs []error
	if env.announced != nil {
		errs = append(errs, env.announced.Close())
	}
	if env.host != nil {
		errs = append(errs, env.host.Close(ctx))
	}
	if env.portal != nil {
		errs = append(errs, env.portal.stop())
	}
	if env.temporal != nil {
		errs = append(errs, env.temporal.Stop())
	}
	return errors.Join(errs...)
}
