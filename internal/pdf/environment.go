package pdf

import "drugslm/internal/process"

// childEnv is all that a child learns of its parent's environment: nothing. One processor is enough for one document, and
// a collection at a fifth of growth keeps the reserved memory, which counts as live, from allowing as much garbage again.
func childEnv() []string {
	return process.Environment(nil, "GOMAXPROCS=1", "GOGC=20", "GOTRACEBACK=single")
}
