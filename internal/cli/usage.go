package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
)

// flagMistake is the error of a flag that a verb does not have or cannot read. Where the verb itself is none, that is
// what is wrong: `launch --assets a` is about launch. args is what was typed.
func flagMistake(args []string) func(cmd *cobra.Command, err error) error {
	return func(cmd *cobra.Command, err error) error {
		if word := firstWord(cmd, args); word != "" && cmd.HasSubCommands() {
			if wrong := command.Verb(cmd, []string{word}); cmd.Args(cmd, []string{word}) != nil {
				return command.Usage(cmd, wrong)
			}
		}
		unknown, ok := errors.AsType[*pflag.NotExistError](err)
		if !ok {
			return command.Usage(cmd, err)
		}
		name := unknown.GetSpecifiedName()
		switch {
		case selects(cmd) && slices.Contains([]string{"select", "selection", "assets", "asset", "asset-key"}, name):
			err = fmt.Errorf("%w: what is selected is an argument, as in `%s anvisa/catalog`", err, cmd.CommandPath())
		case name != "":
			if near := nearFlags(cmd, name); len(near) > 0 {
				err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(near, " or "))
			}
		}
		return command.Usage(cmd, err)
	}
}

// firstWord is the first of the arguments of a command that is no flag and no flag's value.
func firstWord(cmd *cobra.Command, args []string) string {
	args = args[min(len(args), strings.Count(cmd.CommandPath(), " ")):]
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		if !isFlag && !strings.HasPrefix(args[i], "-") {
			return args[i]
		}
		if f := cmd.Flags().Lookup(name); f != nil && f.NoOptDefVal == "" {
			i++ // its value
		}
	}
	return ""
}

// nearFlags names the flags of a command that look like one.
func nearFlags(cmd *cobra.Command, name string) []string {
	const most = 2 // letters that differ
	var near []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && (levenshtein.ComputeDistance(f.Name, name) <= min(most, len(name)/2) || len(name) > most && strings.HasPrefix(f.Name, name)) {
			near = append(near, "--"+f.Name)
		}
	})
	return near
}

// selects reports whether a verb takes a selection of assets.
func selects(cmd *cobra.Command) bool { return strings.Contains(cmd.Use, "SELECT") }

// countMistake says in words which argument is missing, or which one is too many.
func countMistake(cmd *cobra.Command, args []string, err error) error {
	if text := err.Error(); !strings.Contains(text, "arg(s)") && !strings.HasPrefix(text, "unknown command") {
		return err
	}
	names := argumentNames(cmd)
	switch {
	case len(args) < len(names):
		return fmt.Errorf("%s is missing: %s", strings.Join(names[len(args):], " and "), cmd.UseLine())
	case len(args) > 0 && len(names) == 0 && !strings.Contains(cmd.Use, "["):
		return fmt.Errorf("%s takes no argument, and got %q", cmd.CommandPath(), args[0])
	default:
		return fmt.Errorf("%q is one argument too many: %s", args[len(args)-1], cmd.UseLine())
	}
}

// argumentNames are the arguments that a verb must have, as its line of usage names them.
func argumentNames(cmd *cobra.Command) []string {
	var names []string
	for _, word := range strings.Fields(cmd.Use)[1:] {
		if word == "|" || strings.HasPrefix(word, "-") || strings.HasPrefix(word, "[") {
			break
		}
		names = append(names, strings.TrimSuffix(word, "..."))
	}
	return names
}

// quoted says once that the shell has put files in the place of *, where a selection makes no sense.
func quoted(cmd *cobra.Command, args []string, err error) error {
	wrong, ok := errors.AsType[*asset.SelectionError](err)
	if !ok || !selects(cmd) || wrong == nil {
		return err
	}
	files, globErr := filepath.Glob("*")
	if globErr != nil || len(files) == 0 || len(args) < len(files) || !slices.Equal(args[len(args)-len(files):], files) {
		if len(args) < 2 || !slices.ContainsFunc(args, exists) {
			return err
		}
		for _, arg := range args {
			if !exists(arg) {
				return err
			}
		}
	}
	return fault.New(fault.Invalid, "", "the shell has put the names of %d files in the place of an unquoted *: quote it, as in `%s '*'`", max(len(files), 1), cmd.CommandPath())
}

// exists reports whether there is a file of that name.
func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
