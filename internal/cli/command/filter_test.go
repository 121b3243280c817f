package command

import (
	"io"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

// chosen runs a verb with the filters, and gives the one that it was given.
func chosen(args ...string) (asset.Filter, error) {
	var f Filters
	cmd := &cobra.Command{Use: "verb", RunE: func(*cobra.Command, []string) error { return nil }}
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	f.Register(cmd)
	cmd.SetArgs(args)
	err := cmd.Execute()
	return f.Chosen(), err
}

func TestFilters(t *testing.T) {
	t.Parallel()
	t.Run("chooses the one that is given", func(t *testing.T) {
		t.Parallel()
		for flag, want := range map[string]asset.Filter{
			"--missing": asset.Missed, "--stale": asset.Staled, "--failed": asset.Faulty, "--force": asset.Without, "--force=false": asset.Needed,
		} {
			got, err := chosen(flag)
			require.NoError(t, err, flag)
			require.Equal(t, want, got, flag)
		}
	})
	t.Run("chooses what is needed without one", func(t *testing.T) {
		t.Parallel()
		got, err := chosen()
		require.NoError(t, err)
		require.Equal(t, asset.Needed, got)
	})
	t.Run("refuses two", func(t *testing.T) {
		t.Parallel()
		_, err := chosen("--stale", "--failed")
		require.ErrorContains(t, err, "none of the others can be")
	})
}
