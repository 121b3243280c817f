//go:build linux

package chaos

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sys/unix"

	"drugslm/internal/host"
)

// terminate ends an open workflow of a type, as a person can in the Web UI.
func terminate(kind string) func(context.Context, *Cluster, *rand.Rand) (string, error) {
	return func(ctx context.Context, w *Cluster, r *rand.Rand) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		open, err := w.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", kind),
		})
		if err != nil {
			return "", fmt.Errorf("%w: %w", errNothing, err) // the server may be down
		}
		found := open.GetExecutions()
		if len(found) == 0 {
			return "", fmt.Errorf("%w: none is open", errNothing)
		}
		slices.SortFunc(found, func(a, b *workflow.WorkflowExecutionInfo) int {
			return strings.Compare(a.GetExecution().GetWorkflowId(), b.GetExecution().GetWorkflowId())
		})
		at := pick(r, found).GetExecution()
		if err := w.temporal.TerminateWorkflow(ctx, at.GetWorkflowId(), at.GetRunId(), "chaos"); err != nil {
			return "", fmt.Errorf("%w: %w", errNothing, err)
		}
		return at.GetWorkflowId(), nil
	}
}

// ballast is the file that fills the data folder's file system.
const ballast = "ballast"

// fillDisk takes all room of the data folder's file system for a while.
func fillDisk(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	path := filepath.Join(w.data, ballast)
	if _, err := os.Stat(path); err == nil {
		return "", fmt.Errorf("%w: it is full", errNothing)
	}
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNothing, err)
	}
	defer f.Close()
	var size int64
	for chunk := int64(64 << 20); chunk >= 4<<10; {
		switch err := unix.Fallocate(int(f.Fd()), 0, size, chunk); {
		case err == nil:
			size += chunk
		case errors.Is(err, unix.ENOSPC):
			chunk /= 2
		case !errors.Is(err, unix.EINTR):
			return "", errors.Join(err, os.Remove(path))
		}
	}
	d := between(r, 5*time.Second, 20*time.Second)
	w.later(d, "there is room on the disk", func() { _ = os.Remove(path) })
	return fmt.Sprintf("%d MiB of ballast for %s", size>>20, d.Round(100*time.Millisecond)), nil
}

//go:embed testdata/compact.py
var compactScript string

// compactForeign lets delta-rs compact one table, whose files it can: the first of a drawn order.
func compactForeign(ctx context.Context, w *Cluster, r *rand.Rand) (string, error) {
	graph, err := host.Graph()
	if err != nil {
		return "", err
	}
	args := []string{"-c", compactScript}
	for _, made := range graph.All() {
		if !made.External() {
			args = append(args, filepath.Join(w.data, made.Location))
		}
	}
	r.Shuffle(len(args)-2, func(i, j int) { args[i+2], args[j+2] = args[j+2], args[i+2] })
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done, err := w.run(ctx, w.environment(), w.o.Python, args...)
	if err != nil {
		return "", err
	}
	if done.code != 0 {
		return "", fmt.Errorf("%w: %s", errNothing, lastLine(done.stderr)) // another commit was first, or the disk is full
	}
	if text := strings.TrimSpace(done.stdout); text != "" {
		return strings.ReplaceAll(text, w.data+"/", ""), nil
	}
	return "", fmt.Errorf("%w: no table has a file yet", errNothing)
}
