package operations

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/hook"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/internal/telemetry"
)

// NewHooks is the verb `hooks`.
func NewHooks(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "hooks", Short: "Show, test and retry what webhooks and commands are told of failures", Args: command.Verb,
		Long: `A run that fails, a check that fails and a freshness that is broken each leave an event in the ledger. Workers deliver
it to the webhook and the command of the configuration (hooks.url, hooks.command), at least once: tried again after 10 s,
then twice as long up to an hour, and given up after three days. Events are kept for 30 days.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHooksList(a), newHooksTest(a), newHooksRetry(a))
	return cmd
}

func newHooksList(a *command.App) *cobra.Command {
	var state string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List events, newest first, with how their delivery stands", Args: cobra.NoArgs,
		Example: `  starter hooks list --state abandoned
  starter hooks list -o json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				views, err := events(ctx, d, ledger.EventState(state), limit)
				if err != nil {
					return err
				}
				return a.Show(api.EventList{Events: views}, func(w io.Writer) error { return printEvents(w, views) })
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only this state: pending, delivered, abandoned or unwanted (nobody was configured)")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	return cmd
}

func events(ctx context.Context, d *host.Data, state ledger.EventState, limit int) ([]api.Event, error) {
	if state != "" && !slices.Contains(ledger.EventStates(), state) {
		return nil, nearest.Value("--state", string(state), command.Texts(ledger.EventStates()))
	}
	found, err := d.Ledger.Events(ctx, state, limit)
	views := make([]api.Event, len(found))
	for i, e := range found {
		v := api.Event{Event: e.ID, Kind: e.Kind, State: e.State, Created: e.Created, Payload: e.Payload, Deliveries: []api.Delivery{}}
		for _, d := range e.Deliveries {
			v.Deliveries = append(v.Deliveries, api.DeliveryOf(d))
		}
		views[i] = v
	}
	return views, err
}

func printEvents(w io.Writer, views []api.Event) error {
	var rows [][]string
	for _, v := range views {
		if len(v.Deliveries) == 0 {
			rows = append(rows, []string{v.Event, output.When(v.Created), string(v.State), "–", "0", "–", ""})
		}
		for _, d := range v.Deliveries {
			next := "–"
			if d.Next != nil {
				next = output.When(*d.Next)
			}
			rows = append(rows, []string{v.Event, output.When(v.Created), string(d.State), d.Target, strconv.Itoa(d.Attempts), next, d.Error})
		}
	}
	return output.Table(w, []string{"EVENT", "WHEN", "STATE", "TARGET", "ATTEMPTS", "NEXT TRY", "LAST ERROR"}, rows)
}

func newHooksTest(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use: "test", Short: "Send a test event to every configured target now, and say what each answered", Args: cobra.NoArgs,
		Long: `Send an event of kind "test" from this process to the webhook and the command that its configuration names, once, and
say what each answered. The ledger is not asked and nothing is kept. Fails if a target does not take it.`,
		Example: `  DRUGSLM_HOOKS_URL=http://127.0.0.1:9000/ starter hooks test
  starter hooks test -o json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.Config(cmd)
			if err != nil {
				return err
			}
			hooks, err := host.Hooks(c, a.Logger(c))
			if err != nil {
				return err
			}
			return testHooks(cmd.Context(), a, hooks)
		},
	}
}

func testHooks(ctx context.Context, a *command.App, hooks *hook.Hooks) error {
	if len(hooks.All()) == 0 {
		return fault.New(fault.Invalid, "", "nobody is to be told: set DRUGSLM_HOOKS_URL or DRUGSLM_HOOKS_COMMAND")
	}
	e := hook.Event{ID: "test/" + strings.ToLower(rand.Text()), Kind: "test", Created: time.Now(), Data: []byte(`{}`)}
	var views []api.HookTest
	failed := 0
	for _, target := range hooks.All() {
		began := time.Now()
		answer, err := hooks.Send(ctx, target, e)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			answer = telemetry.Redact(err.Error())
			failed++
		}
		views = append(views, api.HookTest{Target: target, OK: err == nil, Answer: answer, TookMS: time.Since(began).Milliseconds()})
	}
	err := a.Show(api.HookTestList{Event: e.ID, Targets: views}, func(w io.Writer) error {
		rows := make([][]string, len(views))
		for i, v := range views {
			rows[i] = []string{v.Target, map[bool]string{true: "taken", false: "failed"}[v.OK], fmt.Sprintf("%d ms", v.TookMS), v.Answer}
		}
		return output.Table(w, []string{"TARGET", "OUTCOME", "TOOK", "ANSWER"}, rows)
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d targets did not take the test event", failed, len(views))
	}
	return err
}

func newHooksRetry(a *command.App) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "retry EVENT... | --all", Short: "Deliver events again that were given up, or any by its id",
		Long: `Make events due again, as if they had just happened. Of an abandoned event those targets are tried that have not taken
it; a delivered or unwanted one goes to every target that is configured now, under the same id. --all takes every
abandoned event. A running worker delivers at once, otherwise the next one that starts.`,
		Example: `  starter hooks retry --all
  starter hooks retry run_failed/materialize-20261123T062125Z-oplt`,
		Args: func(_ *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return fmt.Errorf("name events, or say --all")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.ToChange(cmd, func(ctx context.Context, c config.Config, d *host.Data) error {
				return retryHooks(ctx, a, c, d, ids)
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every abandoned event")
	return cmd
}

// knownEvents refuses an event that is unknown. There may be more than are looked at: then the ledger refuses it.
func knownEvents(ctx context.Context, d *host.Data, ids []string) error {
	const looked = 10_000
	if len(ids) == 0 {
		return nil
	}
	events, err := d.Ledger.Events(ctx, "", looked)
	if err != nil || len(events) == looked {
		return err
	}
	known := make([]string, len(events))
	for i, e := range events {
		known[i] = e.ID
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return nearest.Unknown("event", id, known, "starter hooks list")
		}
	}
	return nil
}

func retryHooks(ctx context.Context, a *command.App, c config.Config, d *host.Data, ids []string) error {
	if err := knownEvents(ctx, d, ids); err != nil {
		return err
	}
	retried, err := d.Ledger.RetryEvents(ctx, ids...)
	if err != nil {
		return err
	}
	if len(retried) > 0 {
		wakeDelivery(ctx, a, c)
	}
	return a.Show(api.EventsRetried{Retried: append([]string{}, retried...)}, func(w io.Writer) error {
		for _, id := range retried {
			output.Writeln(w, id)
		}
		_, err := output.Writef(w, "%d events due again\n", len(retried))
		return err
	})
}

// wakeDelivery lets a running worker deliver now. Without a server it is no failure: the events are due, and a worker
// that starts looks for them.
func wakeDelivery(ctx context.Context, a *command.App, c config.Config) {
	err := a.Ask(ctx, c, host.WakeDelivery)
	if err != nil {
		a.Note("they are delivered when a worker starts: %s", telemetry.Redact(err.Error()))
	}
}
