package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
)

// typed is the value of a flag that takes what was typed, or refuses it: a value that is empty, or that is a flag of the
// same command, comes from a shell variable that is not set, and means nothing that a verb could do.
type typed struct {
	pflag.Value
	name string
	cmd  *cobra.Command
	path bool // of a file or a folder

	preset string // the value where none is given
}

// Set is called once for each time that the flag is given.
func (t typed) Set(text string) error {
	if err := filled(text, t.Type()); err != nil {
		return err
	}
	if t.isFlag(text) {
		return fmt.Errorf("its value is missing, the flag %s comes next; if you mean it, write --%s=%s", text, t.name, text)
	}
	if t.Type() == "bool" {
		text = config.Boolean(text)
	}
	if err := t.counts(text); err != nil {
		return err
	}
	if t.path {
		var err error
		if text, err = config.Expand(text); err != nil {
			return err
		}
	}
	return t.Value.Set(text)
}

// counts refuses a number below zero, and what is no number, for a flag that says how many or how long: no flag has a use for
// one, unless it is what the flag has by itself.
func (t typed) counts(text string) error {
	switch t.Type() {
	case "int", "int64", "duration", "float64":
	default:
		return nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return errors.New("want a number")
	}
	if strings.HasPrefix(strings.TrimSpace(text), "-") && text != t.preset {
		return errors.New("want 0 or more")
	}
	return nil
}

// isFlag reports whether a value is a flag of the command, as where `--id $ID --wait` was typed without an ID.
func (t typed) isFlag(text string) bool {
	if name, long := strings.CutPrefix(text, "--"); long {
		name, _, _ = strings.Cut(name, "=")
		return name != "" && t.cmd.Flags().Lookup(name) != nil
	}
	return len(text) == 2 && text[0] == '-' && t.cmd.Flags().ShorthandLookup(text[1:]) != nil
}

// filled refuses a value that is empty, and a list with an empty element.
func filled(text, kind string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("the value is empty: is a shell variable not set?")
	}
	if kind != "stringSlice" {
		return nil
	}
	words, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil //nolint:nilerr // the flag itself says what is wrong
	}
	for i, word := range words {
		if strings.TrimSpace(word) == "" {
			return fmt.Errorf("value %d of %d is empty: is a shell variable not set?", i+1, len(words))
		}
	}
	return nil
}

// strict lets no flag of a command, and of all below it, be given as an empty value.
func strict(cmd *cobra.Command) {
	wrap := func(f *pflag.Flag) {
		if _, done := f.Value.(typed); !done {
			f.Value = typed{Value: f.Value, name: f.Name, cmd: cmd, path: command.IsPath(f), preset: f.DefValue}
		}
	}
	cmd.PersistentFlags().VisitAll(wrap)
	cmd.Flags().VisitAll(wrap)
	for _, child := range cmd.Commands() {
		strict(child)
	}
}

// expandArgs expands the arguments of a verb that takes files or a folder, in place.
func expandArgs(cmd *cobra.Command, args []string) error {
	names := argumentNames(cmd)
	if len(names) == 0 || !strings.HasPrefix(names[0], "FILE") && names[0] != "DIR" {
		return nil
	}
	for i, arg := range args {
		path, err := config.Expand(arg)
		if err != nil {
			return err
		}
		args[i] = path
	}
	return nil
}

// filledArgs refuses an argument that is empty.
func filledArgs(args []string) error {
	for i, arg := range args {
		if strings.TrimSpace(arg) == "" {
			return fmt.Errorf("argument %d is empty: is a shell variable not set?", i+1)
		}
	}
	return nil
}
