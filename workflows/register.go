package workflows

import (
	"go.temporal.io/sdk/worker"
)

// Register makes the workflows known to a worker, under the names of their functions.
func Register(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(Materialize)
	w.RegisterWorkflow(Partition)
	w.RegisterWorkflow(Deliver)
	w.RegisterWorkflow(Automation)
	w.RegisterWorkflow(Backfill)
}
