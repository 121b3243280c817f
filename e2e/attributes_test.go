package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// TestSearchAttributes promises that the steps of a run are found by one search attribute, also on a server that nobody has
// prepared, and that a server without room for the attributes keeps no run from its end.
func TestSearchAttributes(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "12")
	server := launch(t, nil, "temporal", "--db", filepath.Join(t.TempDir(), "temporal.db"), "--port", "0", "--headless")
	t.Run("workers add what a namespace lacks", func(t *testing.T) {
		run, cli, log := listedIn(t, portal, server, "bare", nil)
		found, err := cli.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "bare", Query: fmt.Sprintf("Run = %q AND `Partition` = '5' AND Asset = 'anvisa/index'", run),
		})
		require.NoError(t, err)
		require.Len(t, found.GetExecutions(), 1)
		require.Equal(t, "partition/anvisa/index[5]", found.GetExecutions()[0].GetExecution().GetWorkflowId())
		require.NotContains(t, log, "search attributes")
	})
	t.Run("a server without room for them runs the steps all the same", func(t *testing.T) {
		taken := map[string]enumspb.IndexedValueType{"Run": enumspb.INDEXED_VALUE_TYPE_INT} // of somebody else's
		for i := range 8 {
			taken[fmt.Sprint("Taken", i)] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
		_, cli, log := listedIn(t, portal, server, "full", taken)
		require.Contains(t, log, "Run")
		require.Contains(t, log, "CodeVersion")
		found, err := cli.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "full", Query: "Asset = 'anvisa/index'",
		})
		require.NoError(t, err)
		require.Len(t, found.GetExecutions(), 1, "those for which there was room are set")
	})
}

// listedIn makes a step in a namespace of its own, which has some search attributes. It gives the run, a client, and what
// the worker logged.
func listedIn(t *testing.T, portal *portalProcess, server *process, namespace string, taken map[string]enumspb.IndexedValueType) (run string, cli client.Client, log string) {
	t.Helper()
	owner, err := client.NewNamespaceClient(client.Options{HostPort: server.field("grpc")})
	require.NoError(t, err)
	defer owner.Close()
	require.NoError(t, owner.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	require.Eventually(t, func() bool { // the server reads the list of namespaces now and then
		cli, err = client.Dial(client.Options{HostPort: server.field("grpc"), Namespace: namespace})
		return err == nil
	}, waitLimit, waitStep)
	t.Cleanup(cli.Close)
	if len(taken) > 0 {
		_, err := cli.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: taken,
		})
		require.NoError(t, err)
	}
	data := t.TempDir()
	s := &site{t: t, data: data, process: server, env: []string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
		"DRUGSLM_TEMPORAL_ADDRESS=" + server.field("grpc"), "DRUGSLM_TEMPORAL_NAMESPACE=" + namespace,
	}}
	worker := s.worker(t)
	started := starter(t, s.env, "materialize", "anvisa/index", "--partition", "5")
	require.Equal(t, 0, started.code, started.stderr)
	run = strings.TrimSpace(started.stdout)
	s.waitRun(run)
	require.NoError(t, worker.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(worker, waitLimit))
	return run, cli, worker.stderr.String()
}
