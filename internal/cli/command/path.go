package command

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Paths says that flags of a verb take a file or a folder: ~/ in their value is the user's home, and a shell completes them.
func Paths(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		_ = flags.SetAnnotation(name, cobra.BashCompFilenameExt, []string{}) // an unknown name is found by the test that walks the flags
	}
}

// IsPath reports whether a flag takes a file or a folder.
func IsPath(f *pflag.Flag) bool {
	_, is := f.Annotations[cobra.BashCompFilenameExt]
	return is
}
