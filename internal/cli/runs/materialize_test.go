package runs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	t.Run("accepts blocking checks only", acceptAcceptsBlockingChecksOnly)
}

func acceptAcceptsBlockingChecksOnly(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"not_droped": "nearest: not_dropped", "no_burst": "is a warning", "conserved": "cannot be accepted", "complete": "cannot be accepted",
	} {
		code, _, stderr := clitest.Run(t, t.TempDir(), "materialize", "anvisa/catalog", "--accept", name)
		require.Equal(t, cli.ExitUsage, code, stderr)
		require.Contains(t, stderr, says)
	}
}
