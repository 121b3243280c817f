//go:build linux

package process_test

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/process"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	t.Run("says whether a process is gone", identitySaysWhetherProcessIsGone)
}

func identitySaysWhetherProcessIsGone(t *testing.T) {
	t.Parallel()
	self := process.Self()
	require.NotEmpty(t, self.Space)
	require.False(t, self.Gone())
	require.True(t, self.Near())

	other := self
	other.Birth++
	require.True(t, other.Gone(), "the number is another's by now")
	other.Space = "another machine"
	require.False(t, other.Gone(), "nobody here can tell")
	require.False(t, other.Near())

	child := exec.CommandContext(t.Context(), "sleep", "300")
	require.NoError(t, child.Start())
	identity, err := process.Of(child.Process).Identity()
	require.NoError(t, err)
	require.False(t, identity.Gone())
	require.NoError(t, child.Process.Signal(syscall.SIGSTOP))
	require.False(t, identity.Gone(), "one that is stopped may go on")
	require.NoError(t, child.Process.Kill())
	require.Eventually(t, identity.Gone, time.Minute, 10*time.Millisecond, "a zombie is gone")
	require.Error(t, child.Wait())
	require.True(t, identity.Gone())
}
