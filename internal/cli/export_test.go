package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// Tree is the command with all its verbs.
func Tree(stdout, stderr io.Writer) *cobra.Command { return newRoot(stdout, stderr, stdout, nil) }
