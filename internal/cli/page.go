package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/cli/output"
)

// helpPage writes the help of a command: what it is, how it is typed, examples, and then the rest.
func helpPage(cmd *cobra.Command, _ []string) {
	cmd.InitDefaultHelpFlag()
	w := cmd.OutOrStdout()
	section := func(head, text string) {
		if text = strings.Trim(text, "\n"); text != "" {
			fmt.Fprint(w, "\n"+head+wrapped(text)+"\n")
		}
	}
	fmt.Fprintln(w, wrapped(cmd.Short+"."))
	section("Usage:\n", "  "+cmd.UseLine())
	section("Examples:\n", pasteable(cmd.Example))
	section("", cmd.Long)
	section("Verbs:\n", verbList(cmd))
	section("Flags:\n", cmd.LocalNonPersistentFlags().FlagUsagesWrapped(output.Width))
	section("Settings, from flags here or as docs/configuration.md says:\n", settings(cmd).FlagUsagesWrapped(output.Width))
	if cmd.HasAvailableSubCommands() {
		section("", fmt.Sprintf("`%s VERB --help` says more of a verb.", cmd.CommandPath()))
	}
}

func verbList(cmd *cobra.Command) string {
	var b strings.Builder
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-12s  %s\n", child.Name(), child.Short)
		}
	}
	return b.String()
}

// settings are the flags of every command that one has a use for.
func settings(cmd *cobra.Command) *pflag.FlagSet {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if uses(cmd, f.Name) {
			shown.AddFlag(f)
		}
	})
	return shown
}

// uses reports whether a verb has a use for one of the flags that every command takes.
func uses(cmd *cobra.Command, flag string) bool {
	names := append(strings.Fields(cmd.CommandPath()), "", "")
	group, verb := names[1], names[2]
	in := func(list ...string) bool {
		return slices.Contains(list, group) || verb != "" && slices.Contains(list, group+" "+verb)
	}
	if group == "" { // the program itself
		return true
	}
	if cmd.HasAvailableSubCommands() && group != "items" || in("completion", "help") {
		return false
	}
	servers := in("dev", "demo", "materialize", "resume", "runs", "report", "schedule", "automation on", "automation off", "automation pause", "automation resume", "automation tick",
		"hooks retry") || group == "backfill" && verb != "list" && verb != "show"
	switch flag {
	case "temporal-address":
		return servers
	case "log-level":
		return servers || in("grid reap", "hooks test", "leaflet")
	case "hub-url":
		return in("dev", "demo", "grid")
	case "source-url", "source-open-data", "budget-rps":
		return in("dev", "plan", "budget")
	case "data":
		return !in("version", "assets list", "assets show", "leaflet", "portal", "hooks test")
	case "output":
		return !in("dev", "portal")
	default:
		return !in("portal")
	}
}

// wrapped breaks the lines of a text that are too long. Lines that are not indented and follow each other are one paragraph;
// an indented one goes on below its last column.
func wrapped(text string) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, broken(strings.Join(paragraph, " "), 0))
			paragraph = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " ")
		switch {
		case line == "":
			flush()
			out = append(out, "")
		case line[0] != ' ':
			paragraph = append(paragraph, line)
		default:
			flush()
			out = append(out, broken(line, hanging(line)))
		}
	}
	flush()
	return strings.Join(out, "\n")
}

// hanging is where an indented line goes on: below its last column, if that leaves room.
func hanging(line string) int {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if at := strings.LastIndex(line[:min(len(line), output.Width/2)], "  "); at >= indent {
		return utf8.RuneCountInString(line[:at+2])
	}
	return indent + 2
}

// broken breaks one line between words. A word that does not fit beside the hanging indent gets a line with a small one.
func broken(line string, hang int) string {
	if utf8.RuneCountInString(line) <= output.Width {
		return line
	}
	start := len(line) - len(strings.TrimLeft(line, " "))
	words := strings.Split(line[start:], " ")
	if n := utf8.RuneCountInString(words[0]); start+n > output.Width {
		line, start = strings.Repeat(" ", output.Width)+line, max(0, min(6, output.Width-n))
	}
	var b strings.Builder
	b.WriteString(line[:start])
	width, first := start, true
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		if !first && width+1+n > output.Width {
			indent := hang
			if hang+n > output.Width {
				indent = max(0, min(6, output.Width-n))
			}
			b.WriteString("\n" + strings.Repeat(" ", indent))
			width, first = indent, true
		}
		if !first {
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width, first = width+n, false
	}
	return b.String()
}

// pasteable breaks examples that are too long before a flag or after &&, in a way that a shell reads as one line.
func pasteable(example string) string {
	var out []string
	for line := range strings.SplitSeq(example, "\n") {
		for utf8.RuneCountInString(line) > output.Width {
			head := line[:output.Width-2]
			at := max(strings.LastIndex(head, " --"), strings.LastIndex(head, " && ")+3, strings.LastIndex(head, " || ")+3)
			if at < 10 {
				at = strings.LastIndex(head, " ")
			}
			out = append(out, strings.TrimRight(line[:at], " ")+` \`)
			line = "    " + strings.TrimLeft(line[at:], " ")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
