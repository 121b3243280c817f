package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// patience is how long a test waits for what should come at once; reached only when something is broken.
const patience = time.Minute

// running is a server under test.
type running struct {
	grpc, ui string
	stdin    io.Closer // closing it is the parent's death
	exit     <-chan int
	rest     <-chan string // all of standard output after the ready line
}

// startServer runs the command on a file with free ports, and returns when it says that it is ready.
func startServer(t *testing.T, db string, args ...string) running {
	t.Helper()
	stdin, parent := io.Pipe()
	stdout, out := io.Pipe()
	exit, rest := make(chan int, 1), make(chan string, 1)
	args = append([]string{"--db", db, "--port", "0", "--ui-port", "0", "--exit-with-parent", "--log-level", "error"}, args...)
	go func() {
		code := run(context.WithoutCancel(t.Context()), args, stdin, out, os.Stderr)
		out.Close()
		exit <- code
	}()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err, "the server ended before it was ready")
	go func() {
		more, _ := io.ReadAll(lines)
		rest <- string(more)
	}()
	m := regexp.MustCompile(`^ready grpc=(\S+) ui=(\S+)\n$`).FindStringSubmatch(line)
	require.NotNil(t, m, line)
	s := running{grpc: m[1], ui: m[2], stdin: parent, exit: exit, rest: rest}
	t.Cleanup(func() { s.stdin.Close() })
	return s
}

func (s running) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.stdin.Close())
	require.Zero(t, <-s.exit)
	require.Empty(t, <-s.rest, "standard output carries the ready line only")
}

func (s running) dial(t *testing.T) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.grpc})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// waiting is a workflow that ends with what it is told.
func waiting(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

// startWorker works until the returned func is called, as a worker of the project does.
func startWorker(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, "q", worker.Options{})
	w.RegisterWorkflowWithOptions(waiting, workflow.RegisterOptions{Name: "waiting"})
	require.NoError(t, w.Start())
	return w.Stop
}

func TestServerKeepsWorkflowsOverARestart(t *testing.T) {
	if os.Getenv("DRUGSLM_E2E") == "" {
		t.Skip("starts a real server: make test runs it, or DRUGSLM_E2E=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	db := filepath.Join(t.TempDir(), "data", "temporal.db")

	first := startServer(t, db)
	requireUI(t, first)
	requireLocked(t, db)
	c := first.dial(t)
	requireNamespace(t, ctx, c)
	stopWorker := startWorker(t, c)
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "one", TaskQueue: "q",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword("Asset").ValueSet("anvisa/catalog"),
			temporal.NewSearchAttributeKeyKeyword("Partition").ValueSet("8"),
			temporal.NewSearchAttributeKeyKeyword("Run").ValueSet("r1"),
			temporal.NewSearchAttributeKeyKeyword("CodeVersion").ValueSet("v1"))}, "waiting")
	require.NoError(t, err)
	requireFound(t, ctx, c, "Asset = 'anvisa/catalog' AND `Partition` = '8' AND Run = 'r1' AND CodeVersion = 'v1'")
	stopWorker()
	c.Close()
	first.stop(t)

	second := startServer(t, db, "--search-attribute", "Rows=Int") // and one attribute more than the file knows
	c = second.dial(t)
	requireFound(t, ctx, c, `Asset = "anvisa/catalog" AND ExecutionStatus = "Running" AND Rows IS NULL`)
	stopWorker = startWorker(t, c)
	require.NoError(t, c.SignalWorkflow(ctx, "one", started.GetRunID(), "word", "bula"))
	var word string
	require.NoError(t, c.GetWorkflow(ctx, "one", started.GetRunID()).Get(ctx, &word))
	require.Equal(t, "bula", word)
	stopWorker()
	c.Close()
	second.stop(t)

	var stderr strings.Builder
	require.Equal(t, 1, run(ctx, []string{"--db", db, "--port", "0", "--headless", "--search-attribute", "Rows=Double"},
		nil, io.Discard, &stderr))
	require.Equal(t, "temporal: search attribute Rows is a Int in this database, not a Double\n", stderr.String())
}

func requireUI(t *testing.T, s running) {
	t.Helper()
	for path, want := range map[string]string{"/": "<!doctype html>", "/api/v1/namespaces/default": `"default"`} {
		res, err := http.Get(s.ui + path)
		require.NoError(t, err)
		body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Contains(t, strings.ToLower(string(body)), want, path)
	}
}

func requireLocked(t *testing.T, db string) {
	t.Helper()
	var stderr strings.Builder
	require.Equal(t, 1, run(t.Context(), []string{"--db", db, "--port", "0", "--ui-port", "0"}, nil, io.Discard, &stderr))
	require.Equal(t, "temporal: another server uses "+db+"; stop it, or choose another file with --db\n", stderr.String())
}

func requireNamespace(t *testing.T, ctx context.Context, c client.Client) {
	t.Helper()
	ns, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	require.NoError(t, err)
	require.Equal(t, retention, ns.Config.WorkflowExecutionRetentionTtl.AsDuration())
}

// requireFound asks until the workflow is visible: the server writes visibility after it has answered the start.
func requireFound(t *testing.T, ctx context.Context, c client.Client, query string) {
	t.Helper()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		require.NoError(t, err)
		require.Len(t, found.Executions, 1)
		require.Equal(t, "one", found.Executions[0].Execution.WorkflowId)
	}, patience, 50*time.Millisecond)
}
