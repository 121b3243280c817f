package operations_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestHooks(t *testing.T) {
	t.Run("are listed and retried", hooksAreListedAndRetried)
	t.Run("are tested", hooksAreTested)
}

func hooksAreListedAndRetried(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	defer l.Close()
	for _, id := range []string{"taken", "lost"} {
		require.NoError(t, l.RecordEvent(t.Context(), ledger.Event{ID: id, Kind: "run_failed", Payload: []byte(`{"run_id":"r"}`)}))
	}
	_, err = l.RouteEvents(t.Context(), func(string) []string { return []string{"webhook"} })
	require.NoError(t, err)
	require.NoError(t, l.RecordDelivery(t.Context(), "taken", ledger.Delivery{Target: "webhook", State: ledger.EventDelivered, Attempts: 1}))
	require.NoError(t, l.RecordDelivery(t.Context(), "lost", ledger.Delivery{Target: "webhook", State: ledger.EventAbandoned, Attempts: 80, Error: "answered 500"}))

	code, stdout, stderr := clitest.Run(t, data, "hooks", "list", "--state", "abandoned", "-o", "json")
	require.Zero(t, code, stderr)
	var found struct{ Events []api.Event }
	require.NoError(t, json.Unmarshal([]byte(stdout), &found))
	require.Len(t, found.Events, 1)
	require.Equal(t, "lost", found.Events[0].Event)
	require.JSONEq(t, `{"run_id":"r"}`, string(found.Events[0].Payload))
	require.Equal(t, 80, found.Events[0].Deliveries[0].Attempts)
	require.Nil(t, found.Events[0].Deliveries[0].Next)
	code, stdout, _ = clitest.Run(t, data, "hooks", "list")
	require.Zero(t, code)
	require.Contains(t, stdout, "answered 500")
	require.Contains(t, stdout, "delivered")

	code, stdout, stderr = clitest.Run(t, data, "hooks", "retry", "--all", "--temporal-address", "127.0.0.1:1")
	require.Zero(t, code, stderr)
	require.Equal(t, "lost\n1 events due again\n", stdout)
	require.Contains(t, stderr, "when a worker starts")
	due, err := l.DueDeliveries(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, due, 1)

	for _, wrong := range [][]string{
		{"hooks", "retry"}, {"hooks", "retry", "x", "--all"}, {"hooks", "retry", "nobody"}, {"hooks", "list", "--state", "lost"}, {"hooks", "tset"},
	} {
		code, _, stderr = clitest.Run(t, data, wrong...)
		require.Equal(t, cli.ExitUsage, code, "%v: %s", wrong, stderr)
	}
}

func hooksAreTested(t *testing.T) { // not parallel: it sets the environment
	taken := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken = r.Header.Get("Webhook-Id")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	code, _, stderr := clitest.Run(t, t.TempDir(), "hooks", "test")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "DRUGSLM_HOOKS_URL")

	t.Setenv("DRUGSLM_HOOKS_URL", server.URL+"/s3cret")
	code, stdout, stderr := clitest.Run(t, t.TempDir(), "hooks", "test", "-o", "json")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "202 Accepted")
	require.Regexp(t, `^test/[a-z0-9]{26}$`, taken)

	t.Setenv("DRUGSLM_HOOKS_COMMAND", "/bin/sh,-c,exit 3")
	code, stdout, stderr = clitest.Run(t, t.TempDir(), "hooks", "test")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stdout, "exit code 3")
	require.Contains(t, stdout, "taken")
	require.Contains(t, stderr, "1 of 2 targets")
	require.NotContains(t, stdout+stderr, "s3cret")
}
