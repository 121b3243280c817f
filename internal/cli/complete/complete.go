// Package complete lets a shell complete what is typed.
//
// It offers assets, partitions, runs and the other things that the ledger and the graph know, and the words of flags.
// Add looks at the names of the arguments in each verb's line of usage, as SELECT, and at the names of its flags. So a new verb
// is completed without doing anything, as long as it calls its arguments as the others do. Nothing is written, no server is
// asked, and an error completes nothing.
package complete

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/cli/command"
)

// limit is how many words are offered at most.
const limit = 200

// Func gives the words that what was typed may become, each with a tab and a description if it has one.
type Func func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// Add gives a command, and all below it, completion of arguments and flags. It leaves alone what has its own.
func Add(cmd *cobra.Command, a *command.App) {
	s := source{app: a}
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = s.arguments(Arguments(cmd))
	}
	add := func(f *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(f.Name); has || f.NoOptDefVal != "" {
			return
		}
		if fn := s.flag(cmd, f.Name); fn != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, fn) // it is a flag of this verb
		}
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	for _, child := range cmd.Commands() {
		Add(child, a)
	}
}

// Arguments are the names of the arguments that a verb takes, as its line of usage has them; the last may be repeated if the
// line says so.
func Arguments(cmd *cobra.Command) (names []string) {
	for _, word := range strings.Fields(cmd.Use)[1:] {
		if word == "|" || strings.HasPrefix(word, "-") {
			break
		}
		names = append(names, strings.Trim(word, "[]"))
	}
	return names
}

// arguments completes each argument by its name.
func (s source) arguments(names []string) Func {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		at := len(args)
		if last := len(names) - 1; at > last && last >= 0 && strings.HasSuffix(names[last], "...") {
			at = last
		}
		if at >= len(names) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		name := strings.TrimSuffix(names[at], "...")
		if fn := s.word(name); fn != nil {
			return fn(cmd, args, typed)
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
}

// word is the completion of an argument of a name; nil if nobody knows what it is.
func (s source) word(name string) Func {
	switch name {
	case "SELECT":
		return s.read(selection)
	case "ASSET":
		return s.read(assets)
	case "RUN":
		return s.read(runs)
	case "ID":
		return s.read(backfills)
	case "NAME":
		return s.read(schedules)
	case "SET":
		return s.read(sets)
	case "KEY":
		return s.read(keys)
	case "EVENT":
		return s.read(events)
	case "HOST":
		return s.read(hosts)
	case "FILE.pdf":
		return extension("pdf")
	case "DIR":
		return folders
	}
	if FreeText(name) {
		return nothing
	}
	return nil
}

// Known reports whether an argument of a name is completed, or is free text.
func Known(name string) bool { return source{}.word(strings.TrimSuffix(name, "...")) != nil }

// flag is the completion of the value of a flag of a verb; nil if nobody knows what it is.
func (s source) flag(cmd *cobra.Command, name string) Func {
	if values := words(cmd, name); len(values) > 0 {
		return Words(values...)
	}
	switch name {
	case "partition", "partitions":
		return s.read(partitions)
	case "asset":
		return s.read(selection)
	case "accept":
		return s.read(checks)
	case "step":
		return s.read(steps)
	case "columns":
		return s.read(columns)
	case "kind":
		return Words(kinds()...)
	case "data", "leaflets":
		return folders
	case "config":
		return extension("yaml", "yml")
	case "claims", "html", "listing", "out", "plan", "save", "source-open-data":
		return files
	case "state":
		return folders // of the simulated portal: all others are a word of a few
	}
	if FreeText(name) {
		return nothing
	}
	return nil
}

// FreeText reports whether an argument or a flag of a name takes what only a person knows: a number, a time, a text.
func FreeText(name string) bool {
	switch strings.TrimSuffix(name, "...") {
	case "ITEM", "VERSION", "V1", "V2", "N", "P", "STEPS_PER_MINUTE", // one of too many, or a number
		"after", "budget-rps", "catchup", "cron", "dpi", "every", "fail-under", "for", "from", "history", "hub-url", "id", "interval", "jitter",
		"keep-versions", "latency", "limit", "listen", "max-in-flight", "note", "older", "older-than", "page", "priority", "products", "rate",
		"reason", "retry-after", "rows", "rps", "seed", "since", "source-url", "tail", "temporal-address", "temporal-port", "timeout", "to", "ui-port", "until",
		"version", "worst":
		return true
	default:
		return false
	}
}

func nothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func extension(names ...string) Func {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return names, cobra.ShellCompDirectiveFilterFileExt
	}
}

// Words completes one of a few words, also after a comma.
func Words(values ...string) Func {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before, last := "", typed
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			before, last = typed[:i+1], typed[i+1:]
		}
		var found []string
		for _, value := range values {
			if strings.HasPrefix(value, last) {
				found = append(found, before+value)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// source reads what is offered from the data folder of a command.
type source struct{ app *command.App }

// quiet is the app without a voice: what a shell asks for is no place for a message.
func (s source) quiet() *command.App {
	return &command.App{Stdout: io.Discard, Stderr: io.Discard, Document: io.Discard, Format: "text"}
}
