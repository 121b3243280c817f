package progress

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/workflows"
)

const (
	// WorkersEvery is how often the server is asked for workers while a run is followed.
	WorkersEvery = 5 * time.Second
	// pollLasts is how long a poll lasts, and some more: a worker whose last poll began earlier has gone.
	pollLasts = 75 * time.Second
)

// Workers says when no worker polls for runs, or the server does not answer, and when that is over. It returns when ctx ends.
func Workers(ctx context.Context, a *command.App, cli client.Client) {
	ticker := time.NewTicker(WorkersEvery)
	defer ticker.Stop()
	trouble := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := missingWorkers(ctx, cli)
		if ctx.Err() != nil || now == trouble {
			continue
		}
		trouble = now
		a.Alert(now, "a worker polls: the run goes on")
	}
}

// missingWorkers says why nothing goes on; "" if a worker polls.
func missingWorkers(ctx context.Context, cli client.Client) string {
	queue := workflows.TaskQueue(asset.QueueOrchestrate)
	asking, stop := context.WithTimeout(ctx, WorkersEvery)
	defer stop()
	// the newer call needs a server that reports by version
	found, err := cli.DescribeTaskQueue(asking, queue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return "the Temporal server does not answer; the run goes on when it does"
	}
	for _, p := range found.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) < pollLasts {
			return ""
		}
	}
	return fmt.Sprintf("no worker polls %s: start one, such as bin/worker, and the run goes on", queue)
}
