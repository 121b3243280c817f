// Package activities is the Temporal layer over the engine: what workflows decide, activities do.
//
// Every activity is a method of [Activities], takes one struct and returns one; workflows name the methods through a
// nil pointer. Rows and bytes never pass through Temporal: results are counts, versions and trace references.
//
// An activity may be killed at any moment and run again; package materialize says what makes that safe. What this package
// adds is what only Temporal needs. The heartbeat is for liveness and cancellation, and carries the number of failed
// attempts; about items the ledger is the truth. Errors become Temporal's in one place (see toTemporal): a wait that the
// source asked for is a durable timer and costs no attempt. A panic is a failure like any other. Who owns a partition is
// asked of the server (see server).
package activities

import (
	"log/slog"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/hook"
)

// Activities holds what the activities work with. The worker fills it in once; workflows use a nil one to name its
// methods. Safe for use by several goroutines.
type Activities struct {
	Engine     *materialize.Engine
	Hooks      *hook.Hooks            // told of events; nil: nobody is
	Executions materialize.Executions // tells whether the owner of a partition is running; nil: the server that the worker serves
	Build      string                 // the version of this program, for what is created by it
	Log        *slog.Logger           // of what happens to runs and steps; nil: nothing is logged
}
