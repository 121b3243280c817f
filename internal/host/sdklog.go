package host

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"drugslm/internal/telemetry"
)

// sdkLogger takes what Temporal's SDK logs. Its lines are for those who debug the SDK, and pass at debug level only. What an
// operator must know is told in our words, once; what workflows of ours log passes as it is.
type sdkLogger struct {
	log     *slog.Logger
	address string // of the server

	mu   sync.Mutex
	told map[string]time.Time

	away chan struct{} // gets a value when the server does not answer any more
}

func newSDKLogger(log *slog.Logger, address string) *sdkLogger {
	return &sdkLogger{log: log, address: address, told: make(map[string]time.Time), away: make(chan struct{}, 1)}
}

// The messages of the SDK that an operator has to hear of.
const (
	sdkPollFailed    = "Failed to poll for task."
	sdkWorkflowPanic = "Workflow panic"
	sdkFatal         = "Worker received non-retriable error. Shutting down."
)

// quiet is how long a trouble is not told again.
const quiet = 5 * time.Minute

// Debug implements log.Logger of the SDK.
func (l *sdkLogger) Debug(message string, keyvals ...any) { l.pass(message, keyvals) }

// Info implements log.Logger of the SDK.
func (l *sdkLogger) Info(message string, keyvals ...any) { l.pass(message, keyvals) }

// Warn implements log.Logger of the SDK.
func (l *sdkLogger) Warn(message string, keyvals ...any) { l.heed(slog.LevelWarn, message, keyvals) }

// Error implements log.Logger of the SDK.
func (l *sdkLogger) Error(message string, keyvals ...any) { l.heed(slog.LevelError, message, keyvals) }

func (l *sdkLogger) pass(message string, keyvals []any) {
	l.log.Debug("temporal: "+message, keyvals...)
}

// heed tells what matters of a warning or an error.
func (l *sdkLogger) heed(level slog.Level, message string, keyvals []any) {
	about := make(map[string]any, len(keyvals)/2)
	for i := 0; i+1 < len(keyvals); i += 2 {
		about[fmt.Sprint(keyvals[i])] = keyvals[i+1]
	}
	text := func(key string) string {
		if about[key] == nil {
			return ""
		}
		return fmt.Sprint(about[key])
	}
	if run := text("run_id"); run != "" { // a workflow of ours
		scope := telemetry.Scope{Run: run, Asset: text("asset"), Partition: text("partition"), Workflow: text("WorkflowID"), Execution: text("RunID")}
		l.log.Log(telemetry.WithScope(context.Background(), scope), level, message, "error", about["error"])
		return
	}
	l.pass(message, keyvals)
	switch message {
	case sdkPollFailed:
		if l.news(message) {
			l.log.Warn("the Temporal server does not answer: work waits until it does", "address", l.address, "error", about["Error"])
			select {
			case l.away <- struct{}{}:
			default: // it is waited for already
			}
		}
	case sdkWorkflowPanic:
		if l.news(message + text("RunID")) {
			l.log.Error("a workflow cannot go on: this build cannot replay it, or its code panicked", "workflow_id", text("WorkflowID"),
				"execution_id", text("RunID"), "error", about["Error"])
		}
	case sdkFatal:
		l.log.Error("the Temporal server refuses this worker", "address", l.address, "error", about["Error"])
	}
}

// askEvery is how often a server that is away is asked for a sign of life.
const askEvery = 2 * time.Second

// watch tells when a server that was away answers again, until ctx ends. ask wants a sign of life of it.
func (l *sdkLogger) watch(ctx context.Context, ask func(context.Context) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.away:
		}
		ticker := time.NewTicker(askEvery)
		for answers := false; !answers; {
			select {
			case <-ctx.Done():
				ticker.Stop()
				return
			case <-ticker.C:
				answers = ask(ctx) == nil
			}
		}
		ticker.Stop()
		l.forget(sdkPollFailed)
		l.log.Info("the Temporal server answers again", "address", l.address)
	}
}

// forget lets a trouble be told again at once.
func (l *sdkLogger) forget(trouble string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.told, trouble)
}

// news reports whether a trouble was not told lately: one that goes on is told once, however often the SDK says it.
func (l *sdkLogger) news(trouble string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	last, known := l.told[trouble]
	l.told[trouble] = now
	return !known || now.Sub(last) > quiet
}
