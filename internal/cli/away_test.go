package cli_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

// serving are the verbs that cannot do without Temporal, with arguments that are right.
func serving() map[string]string {
	return map[string]string{
		"automation off": "", "automation on": "", "automation pause": "", "automation resume": "", "automation tick": "",
		"backfill cancel": "june", "backfill create": "anvisa/extract", "backfill limit": "june 3", "backfill pause": "june", "backfill priority": "june 3",
		"backfill rate": "june 3", "backfill resume": "june", "backfill retry": "june", "materialize": "anvisa/extract", "resume": "anvisa/extract",
		"runs cancel": "nightly-2026-12-01T06:30:00Z", "schedule backfill": "nightly --from 2026-11-01 --to 2026-11-02", "schedule create": "nightly anvisa/extract --every 12h",
		"schedule delete": "nightly", "schedule list": "", "schedule pause": "nightly", "schedule reconcile": "", "schedule resume": "nightly",
		"schedule show": "nightly", "schedule trigger": "nightly",
	}
}

// offline are the verbs that need the data folder alone, or nothing, with arguments that are right.
func offline() map[string]string {
	return map[string]string{
		"assets": "", "assets allow-code": "anvisa/extract 1", "assets list": "", "assets show": "anvisa/extract", "audit": "",
		"automation explain": "anvisa/extract", "automation list": "", "backfill list": "", "backfill show": "june",
		"budget close": "--note seen", "budget open": "--for 1s", "budget set": "--rps 1", "budget show": "", "checks": "", "diff": "anvisa/extract 0 0",
		"grid reap": "", "grid status": "", "head": "anvisa/extract", "hooks list": "", "hooks retry": "run_failed/nightly-1",
		"items": "", "items list": "", "items retry": "--kind slow", "items show": "3/patient", "items unwaive": "--all", "items view": "1/professional --out /dev/null/no",
		"items waive": "--all --note seen", "partitions": "", "partitions list": "", "plan": "*", "quality": "", "report": "", "retention": "--dry-run",
		"rollback": "anvisa/extract --to 0 --dry-run", "runs": "", "runs list": "", "runs show": "nightly-1", "runs retry": "nightly-1", "runs wait": "nightly-1", "runs watch": "nightly-1", "logs": "nightly-1", "status": "", "sweep": "", "vacuum": "--dry-run",
		"version": "", "versions": "anvisa/extract", "why": "1/professional",
	}
}

// apart are the verbs that run servers, read files, or have no use for either.
const apart = `automation, backfill, budget, completion, completion bash, completion fish, completion powershell, completion zsh, corpus, corpus card, corpus export, demo, dev,
	grid, help, hooks, hooks test, leaflet, leaflet parse, leaflet view, partitions add, partitions remove, pdf-serve, portal, schedule`

// TestTemporalIsAway runs every verb with a server that is not there, one that takes connections and says nothing, and one
// that lacks the namespace.
func TestTemporalIsAway(t *testing.T) {
	t.Parallel()
	data := namedFolder(t)
	gone, silent, strange := closedPort(t), silentServer(t), strangeServer(t)
	with, without := serving(), offline()
	var others []string
	for name := range strings.SplitSeq(apart, ",") {
		others = append(others, strings.TrimSpace(name))
	}
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		verb := strings.Join(path(cmd), " ")
		args, needs := with[verb]
		typed, alone := without[verb]
		require.True(t, needs || alone || verb == "" || slices.Contains(others, verb), "%q is in none of serving, offline and apart", verb)
		delete(with, verb)
		delete(without, verb)
		run := func(given, address string) (int, string, string) {
			return clitest.Run(t, data, append(append(strings.Fields(verb), strings.Fields(given)...), "--temporal-address", address)...)
		}
		switch {
		case needs:
			t.Run(verb, func(t *testing.T) {
				code, _, stderr := run(args, gone)
				require.Equal(t, cli.ExitFailed, code, stderr)
				require.Contains(t, stderr, gone+" does not answer (dial tcp "+gone+": connect: connection refused): `starter dev --data "+data+"` starts a server")
				require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
				if verb == "resume" {
					return // no step is paused: there is nothing to ask
				}
				code, _, stderr = run(args, strange)
				require.Equal(t, cli.ExitUsage, code, stderr)
				require.Contains(t, stderr, `the server at `+strange+` has no namespace "default"`)
			})
		case alone:
			t.Run(verb, func(t *testing.T) {
				usual, _, _ := run(typed, gone)
				code, _, stderr := run(typed, silent)
				require.Equal(t, usual, code, stderr)
				require.NotContains(t, stderr, "error: connect to Temporal")
				code, _, stderr = run(typed, strange)
				require.Equal(t, usual, code, stderr)
			})
		}
	}
	require.Empty(t, with, "these are no verbs")
	require.Empty(t, without, "these are no verbs")
}

// closedPort is an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// silentServer takes connections and never answers.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// strangeServer is a Temporal server without our namespace.
func strangeServer(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if method, _ := grpc.MethodFromServerStream(stream); strings.HasSuffix(method, "/GetSystemInfo") {
			return stream.SendMsg(&workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}})
		}
		return serviceerror.ToStatus(serviceerror.NewNamespaceNotFound("default")).Err()
	}))
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l.Addr().String()
}
