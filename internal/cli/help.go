package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
)

// newHelp is the verb `help`, which refuses what is no verb.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [VERB...]", Short: "Show the help of a verb", Example: "  starter help materialize\n  starter help runs show",
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return verbsBelow(root, args, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			found := root
			for _, word := range args {
				next := below(found, word)
				if next == nil {
					return command.Usage(found, command.Verb(found, []string{word}))
				}
				found = next
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// below is the verb of a name below a command; nil if there is none.
func below(cmd *cobra.Command, name string) *cobra.Command {
	for _, child := range cmd.Commands() {
		if child.Name() == name || child.HasAlias(name) {
			return child
		}
	}
	return nil
}

// verbsBelow names the verbs that begin with what was typed, below those that were typed before.
func verbsBelow(root *cobra.Command, args []string, typed string) []string {
	found := root
	for _, word := range args {
		if found = below(found, word); found == nil {
			return nil
		}
	}
	var names []string
	for _, child := range found.Commands() {
		if !child.Hidden && strings.HasPrefix(child.Name(), typed) {
			names = append(names, child.Name()+"\t"+child.Short)
		}
	}
	return names
}

// newCompletion is the verb `completion`, which prints what a shell needs to complete words.
func newCompletion(root *cobra.Command, a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "completion SHELL", Short: "Print what a shell needs to complete what you type",
		Long: `Print a script that lets a shell complete verbs, flags and their values: assets, partitions (by key or name), runs,
backfills, schedules and checks, as the ledger of the data folder has them now. The data folder is found as for any verb
(--data, DRUGSLM_DATA or the configuration). Completion asks no server and writes nothing; without a ledger it offers what
the program itself knows.

bash needs the package bash-completion. A new shell completes what the lines below have switched on.`,
		Example: `  source <(starter completion bash)
  starter completion bash > /etc/bash_completion.d/starter
  starter completion zsh > "${fpath[1]}/_starter"
  starter completion fish > ~/.config/fish/completions/starter.fish`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault.New(fault.Invalid, "", "SHELL is missing: bash, zsh, fish or powershell")
			}
			return command.Verb(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, shell := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{"bash", func(w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
		{"zsh", root.GenZshCompletion},
		{"fish", func(w io.Writer) error { return root.GenFishCompletion(w, true) }},
		{"powershell", root.GenPowerShellCompletionWithDesc},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: shell.name, Short: "Print the script for " + shell.name, Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return shell.write(a.Stdout) },
		})
	}
	return cmd
}
