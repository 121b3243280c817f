// Package command has what every verb of the command line needs to work: its settings, the data folder, Temporal.
//
// It lies below the packages with the verbs, which take an App and give cobra commands. What they print goes through
// package output.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"drugslm/internal/cli/live"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/nearest"
	"drugslm/internal/telemetry"
)

// App is what every verb has at hand.
type App struct {
	Stdout, Stderr io.Writer // for eyes: see package terminal
	Document       io.Writer // standard output for a document in HTML
	Format         string    // "text", "json", or what AlsoFormat names

	Region *live.Region // of the terminal that Stderr is; nil if it is none, or one whose cursor cannot be moved

	away error // why Ask got no answer: it is not asked again

	Origin map[string]string // where Config found each key that is set, such as "--data"
}

// JSON reports whether JSON is wanted.
func (a *App) JSON() bool { return a.Format == "json" }

// Note tells something on standard error.
func (a *App) Note(format string, args ...any) {
	output.InLine(args)
	fmt.Fprintf(a.Stderr, format+"\n", args...)
}

// Alert tells what keeps work from going on, until it is over: then text is "", and over says so. In a live region it stays
// in view.
func (a *App) Alert(text, over string) {
	switch {
	case a.Region != nil:
		a.Region.Alert(text)
	case text == "":
		a.Note("  %s", over)
	default:
		a.Note("  %s", text)
	}
}

// Show prints v as JSON, or as text through the given function.
func (a *App) Show(v any, text func(w io.Writer) error) error {
	if a.Format != "json" {
		return text(a.Stdout)
	}
	if long, ok := v.(interface{ WriteJSON(w io.Writer) error }); ok {
		return long.WriteJSON(a.Stdout)
	}
	return output.Encoder(a.Stdout, "").Encode(v)
}

// ShowLine prints v as JSON, or as text that one line says.
func (a *App) ShowLine(v any, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return a.Show(v, func(w io.Writer) error {
		_, err := output.Writeln(w, text)
		return err
	})
}

// AlsoFormat is the annotation of a verb that prints in a third form, as csv.
const AlsoFormat = "format"

// formats names the forms that a verb prints in.
func formats(also string) []string {
	if also == "" {
		return []string{"text", "json"}
	}
	return []string{"text", "json", also}
}

// checkFormat refuses a form of output that a verb does not have.
func (a *App) checkFormat(cmd *cobra.Command) error {
	if also := cmd.Annotations[AlsoFormat]; a.Format != "text" && a.Format != "json" && (also == "" || a.Format != also) {
		return nearest.Value("--output", a.Format, formats(also))
	}
	return nil
}

// Config loads the configuration that the command's flags, the environment, the file and an environment that runs on the
// data folder make.
func (a *App) Config(cmd *cobra.Command) (config.Config, error) {
	if err := a.checkFormat(cmd); err != nil {
		return config.Config{}, err
	}
	return a.load(cmd, host.Announced)
}

// ConfigOfItsOwn is Config for a command that starts servers: what another one has announced in the data folder does not count.
func (a *App) ConfigOfItsOwn(cmd *cobra.Command) (config.Config, error) {
	if err := a.checkFormat(cmd); err != nil {
		return config.Config{}, err
	}
	return a.load(cmd, nil)
}

func (a *App) load(cmd *cobra.Command, found func(data string) (map[string]string, error)) (config.Config, error) {
	a.Origin = make(map[string]string)
	return config.Load(config.LoadOptions{
		Flags: cmd.Flags(), Env: os.Getenv, Found: found, Set: a.Origin, Tell: func(text string) { a.Note("%s", text) },
	})
}

// Logger writes the log of a command to standard error.
func (a *App) Logger(c config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // validated by config
	return telemetry.NewLogger(a.Stderr, level, c.Log.Format == "json")
}

// WithData runs fn with the data folder of the configuration, open for reading. A folder without a ledger is refused, and
// nothing is made there.
func (a *App) WithData(cmd *cobra.Command, fn func(ctx context.Context, c config.Config, d *host.Data) error) error {
	return a.withData(cmd, host.ReadData, fn)
}

// ToChange runs fn with the data folder of the configuration, open for writing. A folder without a ledger is refused: there
// is nothing in it that could be changed.
func (a *App) ToChange(cmd *cobra.Command, fn func(ctx context.Context, c config.Config, d *host.Data) error) error {
	return a.withData(cmd, host.ChangeData, fn)
}

// ToBegin runs fn with the data folder of the configuration, open for writing, and makes it if it is not there: for verbs
// that are the first to be typed.
func (a *App) ToBegin(cmd *cobra.Command, fn func(ctx context.Context, c config.Config, d *host.Data) error) error {
	return a.withData(cmd, host.OpenData, fn)
}

// ToChangeUnless runs fn with the data folder open for reading if only that is wanted, as for --dry-run.
func (a *App) ToChangeUnless(only bool, cmd *cobra.Command, fn func(ctx context.Context, c config.Config, d *host.Data) error) error {
	if only {
		return a.WithData(cmd, fn)
	}
	return a.ToChange(cmd, fn)
}

func (a *App) withData(
	cmd *cobra.Command, open func(context.Context, config.Config) (*host.Data, error), fn func(context.Context, config.Config, *host.Data) error,
) error {
	c, err := a.Config(cmd)
	if err != nil {
		return err
	}
	data, err := open(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer func() { _ = data.Close() }() // what was written is in the ledger
	return fn(cmd.Context(), c, data)
}

// WithServer runs fn with the server and the data folder, open for writing. check, if any, refuses first what the ledger
// alone can tell to be wrong: that needs no server.
func (a *App) WithServer(
	cmd *cobra.Command, check func(ctx context.Context, d *host.Data) error, fn func(ctx context.Context, c config.Config, d *host.Data, cli client.Client) error,
) error {
	return a.ToChange(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
		if check != nil {
			if err := check(ctx, d); err != nil {
				return err
			}
		}
		return a.Dial(ctx, c, func(cli client.Client) error { return fn(ctx, c, d, cli) })
	})
}

// WithTemporal runs fn with a connection to Temporal.
func (a *App) WithTemporal(cmd *cobra.Command, fn func(ctx context.Context, c config.Config, cli client.Client) error) error {
	c, err := a.Config(cmd)
	if err != nil {
		return err
	}
	return a.Dial(cmd.Context(), c, func(cli client.Client) error { return fn(cmd.Context(), c, cli) })
}

// Dial runs fn with a connection to Temporal.
func (a *App) Dial(ctx context.Context, c config.Config, fn func(cli client.Client) error) error {
	return a.Traced(ctx, "drugslm-starter", func(t *telemetry.Telemetry) error {
		cli, err := host.Dial(ctx, c, t, a.Logger(c))
		if err != nil {
			return err
		}
		defer cli.Close()
		return OfServer(c, fn(cli))
	})
}

// OfServer says what is wrong when the server lacks the namespace that is configured; other errors stay as they are.
func OfServer(c config.Config, err error) error {
	if _, lacks := errors.AsType[*serviceerror.NamespaceNotFound](err); lacks {
		return fault.New(fault.Invalid, "ask Temporal", "the server at %s has no namespace %q: DRUGSLM_TEMPORAL_NAMESPACE names another, and "+
			"`temporal operator namespace create` makes one", c.Temporal.Address, c.Temporal.Namespace)
	}
	return err
}

// askFor is how long the server may take to say what is not in the ledger, where the answer can do without.
const askFor = 900 * time.Millisecond

// Ask runs fn with a connection to Temporal for a verb that can do without: a server that is away costs it less than a second.
func (a *App) Ask(ctx context.Context, c config.Config, fn func(ctx context.Context, cli client.Client) error) error {
	if a.away != nil {
		return a.away
	}
	asking, stop := context.WithTimeout(ctx, askFor)
	defer stop()
	err := a.Dial(asking, c, func(cli client.Client) error { return fn(asking, cli) })
	if asking.Err() != nil || fault.KindOf(err) == fault.Unavailable {
		a.away = err
	}
	return err
}

// Traced starts telemetry for a command and stops it when fn is done.
func (a *App) Traced(ctx context.Context, service string, fn func(t *telemetry.Telemetry) error) error {
	t, err := telemetry.Start(ctx, telemetry.Options{ServiceName: service, Version: host.Version(), Env: os.Getenv})
	if err != nil {
		return err
	}
	defer func() { _ = t.Shutdown(context.WithoutCancel(ctx)) }() // says itself what it could not send
	return fn(t)
}

// ErrInterrupted is the error of a command that Ctrl-C or a signal ended.
var ErrInterrupted = errors.New("interrupted")

// TimedOut is the error of a command that waited as long as it was allowed to.
type TimedOut struct {
	What  string // was waited for
	After time.Duration
}

// Error says what has not ended, and that it goes on.
func (t *TimedOut) Error() string {
	return fmt.Sprintf("%s has not ended in %s; it goes on", t.What, t.After)
}

// ProgressEvery is how often a followed run is looked at.
const ProgressEvery = time.Second

// Verb refuses a verb that a command does not have, naming those that look like it, or all where there are few.
func Verb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("%s has no verb %q: did you mean %s?", cmd.CommandPath(), args[0], strings.Join(near, " or "))
	}
	if cmd.HasParent() {
		var known []string
		for _, child := range cmd.Commands() {
			if child.IsAvailableCommand() {
				known = append(known, child.Name())
			}
		}
		return fmt.Errorf("%s has no verb %q: known are %s", cmd.CommandPath(), args[0], strings.Join(known, ", "))
	}
	return fmt.Errorf("%s has no verb %q", cmd.CommandPath(), args[0])
}

// Usage makes an error one of what was typed, and says where help is.
func Usage(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Invalid, "", "%w (see `%s --help`)", err, cmd.CommandPath())
}
