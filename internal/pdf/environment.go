package pdf

import (
	"os"
	"runtime"
)

// childEnv is all that a child learns of its parent's environment: nothing, but what Windows needs to start a program.
// One processor is enough for one document, and a collection at a fifth of growth keeps the reserved memory, which
// counts as live, from allowing as much garbage again.
func childEnv() []string {
	env := []string{"GOMAXPROCS=1", "GOGC=20", "GOTRACEBACK=single"}
	if runtime.GOOS == "windows" {
		env = append(env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	return env
}
