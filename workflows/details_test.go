package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// TestDetails holds what the page of a step in the Web UI says once it has ended.
func TestDetails(t *testing.T) {
	t.Parallel()
	counts := ledger.Counts{Discovered: 46, Published: 42, Absent: 3, Quarantined: 1}
	refused := temporal.NewNonRetryableApplicationError("lists 6 of 26 products", string(fault.Incomplete), nil)
	for name, tt := range map[string]struct {
		key  string
		list error
		made materialize.Result
		want []string
	}{
		"tells what was published": {"1", nil, materialize.Result{Version: 9, Changed: true, Rows: 42, Counts: counts}, []string{
			"published as version 9: 42 rows; of 46 items 42 are published, 3 absent, 1 quarantined, 0 pending", "| 46 | 4 |",
			"    starter versions t/download --partition 1\n", "    starter head t/download --partition 1\n",
			"    starter items t/download --partition 1 --state quarantined\n"}},
		"tells that nothing changed": {"1", nil, materialize.Result{Version: 3, Rows: 7}, []string{"unchanged since version 3: 7 rows", "starter versions t/download --partition 1"}},
		"tells why nothing was published": {"1", refused, materialize.Result{}, []string{
			"**not published**: lists 6 of 26 products", "    starter checks t/download --partition 1\n", "    starter plan t/download --partition 1\n"}},
		"quotes keys for the shell": {"Genérico (d'uso)", nil, materialize.Result{}, []string{`starter versions t/download --partition 'Genérico (d'\''uso)'`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := ending(tt.list, tt.made)
			in := input(true)
			in.Step.Partition.Key = tt.key
			env.ExecuteWorkflow(workflows.Partition, in)
			require.Equal(t, tt.list == nil, env.GetWorkflowError() == nil, "%v", env.GetWorkflowError())
			for _, want := range tt.want {
				require.Contains(t, details(t, env), want)
			}
		})
	}
	t.Run("tells that it was canceled", func(t *testing.T) {
		t.Parallel()
		env := ending(nil, materialize.Result{})
		env.RegisterDelayedCallback(env.CancelWorkflow, 0)
		env.ExecuteWorkflow(workflows.Partition, input(true))
		require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
		require.Contains(t, details(t, env), "**canceled**: nothing was published")
		require.Contains(t, details(t, env), "starter plan t/download --partition 1")
	})
}

// ending is an environment in which a step that lists ends with an error, or with what it published.
func ending(listed error, made materialize.Result) *testsuite.TestWorkflowEnvironment {
	env := newEnv()
	env.OnActivity(a.List, mock.Anything, mock.Anything).Return(materialize.SyncResult{SyncResult: ledger.SyncResult{Discovered: 46, New: 4}}, listed)
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{Results: verdicts()}, nil)
	env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(made, nil)
	env.OnActivity(a.Release, mock.Anything, mock.Anything).Return(nil)
	return env
}
