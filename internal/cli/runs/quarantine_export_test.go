package runs

import (
	"context"

	"drugslm/internal/cli/command"
	"drugslm/internal/host"
)

// What the tests of a closing table reach.
var (
	TellQuarantine = tellQuarantine
	OwnTimes       = ownTimes
)

// Progress gives what tells the progress of a run, a look at a time.
func Progress(a *command.App, d *host.Data, run string) func(ctx context.Context) {
	return newProgress(a, d, run).tell
}
