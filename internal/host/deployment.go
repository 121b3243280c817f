package host

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/config"
)

// promoteInterval is how often a worker asks to be the current one until its queues are known to the server.
const promoteInterval = time.Second

// build is the build id of this worker.
func build(c config.Worker) string {
	if c.Build != "" {
		return c.Build
	}
	return Version()
}

// Versioned gives what makes a worker one version of a deployment; nothing where there is no deployment. Workflows
// stay with the version that began them, so that no deployment breaks what is in progress; a backfill moves to the
// current one whenever it continues as new.
func Versioned(c config.Worker) worker.DeploymentOptions {
	if c.Deployment == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: c.Deployment, BuildID: build(c)},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
}

// Promote makes a worker's build the current one of its deployment, and returns when it is or ctx ends. The server
// refuses it until the pollers of every queue that the current version serves have registered: it is asked again until then.
func Promote(ctx context.Context, cli client.Client, c config.Worker, log *slog.Logger) {
	handle := cli.WorkerDeploymentClient().GetHandle(c.Deployment)
	log = log.With("deployment", c.Deployment, "build", build(c))
	ticker := time.NewTicker(promoteInterval)
	defer ticker.Stop()
	said := ""
	for {
		_, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build(c)})
		if err == nil {
			log.Info("this build is current")
			return
		}
		if text := err.Error(); ctx.Err() == nil && text != said {
			said = text
			log.Info("this build is not current yet", "reason", text)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
