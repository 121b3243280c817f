package e2e

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFullDisk(t *testing.T) {
	t.Parallel()
	t.Run("makes a run wait", fullDiskMakesRunWait)
}

// fullDiskMakesRunWait begins a run while less is free than must stay so: no listing is asked for, and
// users are told why. The run continues by itself under a worker that needs less.
func fullDiskMakesRunWait(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "10")
	s, server := apart(t, portal)
	s.process = launch(t, nil, "temporal", server...)
	floor := *s
	floor.env = append([]string{"DRUGSLM_DISK_FLOOR=1EiB"}, s.env...)
	worker := floor.worker(t)
	watched := make(chan result, 1)
	go func() { watched <- starter(t, s.env, "materialize", "*", "--wait") }()

	const says = "(disk.floor)"
	require.Eventually(t, func() bool {
		text, document := starter(t, s.env, "status", "anvisa/index"), starter(t, s.env, "status", "anvisa/index", "-o", "json")
		return text.code == 0 && strings.Contains(text.stdout, says) && document.code == 0 && strings.Contains(document.stdout, says)
	}, waitLimit, askStep)
	require.Eventually(t, func() bool { return strings.Contains(worker.stderr.String(), says) }, waitLimit, waitStep)
	for _, r := range portal.log() {
		require.Contains(t, []string{"page", "asset", "categories"}, r.Kind, "no more than which partitions there are")
	}

	require.Zero(t, worker.stop(syscall.SIGTERM))
	worker = s.worker(t)
	r := <-watched
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stderr, says)
	s.audited()
	require.Zero(t, worker.stop(syscall.SIGTERM))
}
