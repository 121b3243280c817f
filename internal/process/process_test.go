//go:build linux

package process_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/process"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	t.Run("kills all its children", processKillsAllItsChildren)
	t.Run("keeps its limits", processKeepsItsLimits)
	t.Run("keeps lower limits", processKeepsLowerLimits)
	t.Run("is killed first when memory is short", processIsKilledFirstWhenMemoryIsShort)
	t.Run("bounds its output", processBoundsItsOutput)
}

func processKillsAllItsChildren(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "sleep 300 & echo $!; wait")
	cmd.SysProcAttr = process.Group()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := process.Of(cmd.Process)
	lines := bufio.NewReader(out)
	_, err = lines.ReadString('\n')
	require.NoError(t, err, "the grandchild runs")
	p.Kill()
	rest, err := io.ReadAll(lines) // ends when the last process that holds the pipe has
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Error(t, cmd.Wait())
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	p.Ended()
	p.Kill() // hits nobody
}

func processKeepsItsLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limits process.Limits
		script string
		wrong  string // what it says, or how it ends
	}{
		"memory":  {process.Limits{Memory: 64 << 20}, "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c", "memory"},
		"CPU":     {process.Limits{CPU: time.Second}, "while :; do :; done", "killed"},
		"files":   {process.Limits{NoFiles: true}, "echo x > " + t.TempDir() + "/file", "file size"},
		"nothing": {process.Limits{}, "exit 0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", "read go; "+tt.script)
			cmd.SysProcAttr = process.Group()
			said := process.NewOutput(1<<10, nil)
			cmd.Stderr = said
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			require.NoError(t, tt.limits.Apply(cmd.Process.Pid))
			_, err = io.WriteString(in, "go\n")
			require.NoError(t, err)
			end := cmd.Wait()
			if tt.wrong == "" {
				require.NoError(t, end)
				return
			}
			text := string(said.Bytes())
			if end != nil {
				text += " " + end.Error()
			}
			require.Contains(t, text, tt.wrong)
			require.NoError(t, tt.limits.Apply(cmd.Process.Pid), "one that is gone is nobody's error")
		})
	}
}

// A limit that is lower already, as one set by a shell's ulimit, stays: the soft one and the hard one.
func processKeepsLowerLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ulimit string
		limits process.Limits
		want   string // soft and hard
	}{
		"both lower":     {"ulimit -v 500000", process.Limits{Memory: 1 << 30}, "500000 500000"},
		"the soft lower": {"ulimit -S -v 500000", process.Limits{Memory: 1 << 30}, "500000 1048576"},
		"higher":         {"ulimit -v 5000000", process.Limits{Memory: 1 << 30}, "1048576 1048576"},
		"none":           {"true", process.Limits{Memory: 1 << 30}, "1048576 1048576"},
		"CPU":            {"ulimit -t 7", process.Limits{CPU: time.Minute, Memory: 1 << 30}, "1048576 1048576 7 7"},
		"nothing to set": {"ulimit -v 500000", process.Limits{}, "500000 500000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", tt.ulimit+" && echo ready && read go && echo $(ulimit -S -v) $(ulimit -H -v) $(ulimit -S -t) $(ulimit -H -t)")
			cmd.SysProcAttr = process.Group()
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewReader(out)
			_, err = lines.ReadString('\n')
			require.NoError(t, err, "its shell has set its own limits")
			require.NoError(t, tt.limits.Apply(cmd.Process.Pid))
			_, err = io.WriteString(in, "go\n")
			require.NoError(t, err)
			said, err := io.ReadAll(lines)
			require.NoError(t, err)
			require.NoError(t, cmd.Wait())
			require.Equal(t, strings.Fields(tt.want), strings.Fields(string(said))[:len(strings.Fields(tt.want))])
		})
	}
}

// Where memory runs out for all, the system ends a limited process first.
func processIsKilledFirstWhenMemoryIsShort(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "read go; cat /proc/self/oom_score_adj")
	cmd.SysProcAttr = process.Group()
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	said := process.NewOutput(1<<10, nil)
	cmd.Stdout = said
	require.NoError(t, cmd.Start())
	require.NoError(t, process.Limits{}.Apply(cmd.Process.Pid))
	_, err = io.WriteString(in, "go\n")
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())
	require.Equal(t, "1000\n", string(said.Bytes()))
}

func processBoundsItsOutput(t *testing.T) {
	t.Parallel()
	full := 0
	o := process.NewOutput(10, func() { full++ })
	for range 3 {
		n, err := io.Copy(o, strings.NewReader("abcdef"))
		require.NoError(t, err)
		require.EqualValues(t, 6, n)
	}
	require.Equal(t, "abcdefabcd", string(o.Bytes()))
	require.True(t, o.Over())
	require.Equal(t, 1, full, "said once")

	for said, want := range map[string]string{
		"": "", " \n": "", "no room\nat all": ": no room", "\x1b[31mred": ": [31mred", strings.Repeat("é", 200): ": " + strings.Repeat("é", 100),
	} {
		o := process.NewOutput(1<<10, nil)
		_, _ = io.WriteString(o, said)
		require.Equal(t, want, o.FirstLine())
		require.False(t, o.Over())
	}
}
