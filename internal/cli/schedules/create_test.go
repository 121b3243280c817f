package schedules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/clitest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	t.Run("refuses a schedule that is too large", createRefusesScheduleThatIsTooLarge)
}

// No server is needed to see that a schedule is too large for one.
func createRefusesScheduleThatIsTooLarge(t *testing.T) {
	t.Parallel()
	args := []string{"schedule", "create", "nightly", "anvisa/catalog", "--every", "12h"}
	for i := range 4000 {
		args = append(args, "-p", fmt.Sprintf("%04d%s", i, strings.Repeat("k", 190)))
	}
	code, _, stderr := clitest.Run(t, t.TempDir(), args...)
	require.Equal(t, 2, code, stderr)
	require.Contains(t, stderr, `schedule "nightly": the request takes`)
	require.Contains(t, stderr, "name partitions by a glob or a range A..B")
}
