package cli_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

// TestServersAreFoundInTheDataFolder announces an address of which nobody answers, and reads which one a verb asks.
func TestServersAreFoundInTheDataFolder(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	c := config.Default()
	c.Data, c.Temporal.Address = data, address
	c.Sources.Anvisa.URL = "http://127.0.0.1:9"
	announced, err := host.Announce(c)
	require.NoError(t, err)

	code, _, stderr := clitest.Run(t, data, "schedule", "list")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, address+" does not answer")
	code, _, stderr = clitest.Run(t, data, "schedule", "list", "--temporal-address", "127.0.0.1:1")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "127.0.0.1:1 does not answer", "a flag counts more")
	require.Contains(t, stderr, "--temporal-address", "the message names the flag")
	code, stdout, stderr := clitest.Run(t, data, "budget", "show")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "127.0.0.1:9", "the source is the one that is asked there")

	code, _, stderr = clitest.Run(t, data, "dev")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "an environment runs on "+data+" already (process ")
	require.Contains(t, stderr, address)

	require.NoError(t, announced.Close())
	code, stdout, stderr = clitest.Run(t, data, "budget", "show")
	require.Zero(t, code, stderr)
	require.NotContains(t, stdout, "127.0.0.1:9")
}
