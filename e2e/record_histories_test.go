package e2e

import (
	"bytes"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
)

var record = flag.Bool("record", false, "write the histories of a real run into workflows/testdata")

var payloads = regexp.MustCompile(`"data":\s*"([^"]+)"`)

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// TestRecordHistories runs the lineage for two days on a real server and writes the history of the run and of each
// kind of step, and of the delivery of an event at its second try, for the replay tests: a change that would break a
// run in progress fails there.
func TestRecordHistories(t *testing.T) {
	needed(t)
	if !*record {
		t.Skip("records histories only when asked: `make record`")
	}
	portal := startPortal(t, "--products", "20")
	once := filepath.Join(t.TempDir(), "once")
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_HOOKS_COMMAND=/bin/sh,-c,test -d "+once+" || { mkdir "+once+"; exit 1; }")
	s.materialize("+anvisa/extract")
	portal.post("/_day")
	s.materialize("+anvisa/extract")
	written := make(map[string]bool)
	s.record(t, written)
	require.Len(t, written, 5, "a run, and a step of each asset that leads to the text")

	portal.kill()
	require.Equal(t, 1, s.run("materialize", "--wait", "anvisa/index").code)
	require.Eventually(t, func() bool { return len(s.hooks("delivered")) > 0 }, waitLimit, askStep)
	s.record(t, written)
	require.Len(t, written, 6, "and a delivery")
}

// record writes the histories of workflows that are not written yet.
func (s *site) record(t *testing.T, written map[string]bool) {
	t.Helper()
	cli, err := client.Dial(client.Options{HostPort: s.address()})
	require.NoError(t, err)
	defer cli.Close()
	listed, err := cli.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000})
	require.NoError(t, err)
	for _, w := range listed.GetExecutions() {
		id := w.GetExecution().GetWorkflowId()
		name := historyName(id)
		if written[name] {
			continue
		}
		written[name] = true
		saveHistory(t, cli, w.GetExecution(), name)
	}
}

// historyName is the file for a workflow: "materialize", "partition-anvisa-catalog".
func historyName(id string) string {
	if strings.HasPrefix(id, "materialize-") {
		return "materialize"
	}
	kind, _, _ := strings.Cut(id, "[")
	return notInNames.ReplaceAllString(kind, "-")
}

// saveHistory writes the history of a workflow for the replay tests.
func saveHistory(t testing.TB, cli client.Client, w *common.WorkflowExecution, name string) {
	t.Helper()
	var whole history.History
	events := cli.GetWorkflowHistory(t.Context(), w.GetWorkflowId(), w.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		whole.Events = append(whole.Events, event)
	}
	content, err := protojson.MarshalOptions{Indent: " "}.Marshal(&whole)
	require.NoError(t, err)
	for _, payload := range payloads.FindAllSubmatch(content, -1) {
		data, err := base64.StdEncoding.DecodeString(string(payload[1]))
		require.NoError(t, err)
		require.Falsef(t, bytes.Contains(data, []byte("eyJ")), "a token in the history of %s", w.GetWorkflowId())
	}
	require.NoError(t, os.WriteFile(filepath.Join("..", "workflows", "testdata", name+".json"), content, 0o600))
}
