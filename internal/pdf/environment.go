package pdf

import "drugslm/internal/process"

// childEnv is the whole environment of a child: it inherits nothing. One processor is enough for one document. A low GC percentage
// keeps garbage small: the reserved memory counts as live.
func childEnv() []string {
	return process.Environment(nil, "GOMAXPROCS=1", "GOGC=20", "GOTRACEBACK=single")
}
