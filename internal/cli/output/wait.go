package output

import (
	"fmt"

	"drugslm/internal/api"
	"drugslm/internal/fault"
)

// Wait is one line: "waiting until 2026-11-30 14:05:00Z (source refused: …)".
func Wait(v api.Wait) string {
	until := "until somebody acts"
	if v.Until != nil {
		until = "until " + When(*v.Until)
	}
	return fmt.Sprintf("waiting %s (%s: %s)", until, waitCause(v.Kind), v.Reason)
}

// waitCause names a kind of wait for people.
func waitCause(kind string) string {
	switch fault.Kind(kind) {
	case fault.Throttled:
		return "source throttled"
	case fault.Refused:
		return "source refused"
	case fault.Paused:
		return "paused, the source has changed"
	case fault.Busy:
		return "another run"
	case fault.Full:
		return "no room"
	default:
		return kind
	}
}
