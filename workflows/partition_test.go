package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// input is a partition's part of a run.
func input(lists bool) workflows.PartitionInput {
	s := step("t/download", "1")
	s.Lists = lists
	return workflows.PartitionInput{StepInput: materialize.StepInput{Run: "run-1", Step: s}}
}

// verdicts are what the checks of the tests say.
func verdicts() []asset.CheckResult {
	return []asset.CheckResult{{Name: "conserved", Blocking: true, Passed: true}}
}

// batches plays the activity Batch, and notes which were asked for and how many ran at once.
type batches struct {
	mu           sync.Mutex
	asked        []int
	running, top int
	do           func(n int) (materialize.BatchOutput, error)
}

func (b *batches) run(_ context.Context, in materialize.BatchInput) (materialize.BatchOutput, error) {
	b.mu.Lock()
	b.asked = append(b.asked, in.Batch)
	b.running++
	b.top = max(b.top, b.running)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.running--
		b.mu.Unlock()
	}()
	if b.do != nil {
		return b.do(in.Batch)
	}
	return materialize.BatchOutput{Staged: 3, Absent: 1, Quarantined: 1, Trace: fmt.Sprintf("trace-%d", in.Batch)}, nil
}

func (b *batches) sorted() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(slices.Values(b.asked))
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// making is an environment in which a step has so many batches, and the publish that it comes to.
func making(count int, b *batches) (*testsuite.TestWorkflowEnvironment, *materialize.PublishInput) {
	env := newEnv()
	env.OnActivity(a.Enrol, mock.Anything, mock.Anything).Return(materialize.SyncResult{
		SyncResult: ledger.SyncResult{Discovered: 77, New: 70, Unchanged: 7, Todo: 70, Batches: count}, Upstream: map[string]int64{"t/catalog": 4},
	}, nil)
	env.OnActivity(a.Batch, mock.Anything, mock.Anything).Return(b.run)
	return env, publishing(env)
}

func publishing(env *testsuite.TestWorkflowEnvironment) *materialize.PublishInput {
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{Results: verdicts()}, nil)
	var published materialize.PublishInput
	env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(func(_ context.Context, in materialize.PublishInput) (materialize.Result, error) {
		published = in
		return materialize.Result{Version: 9, Changed: true, Rows: 42}, nil
	})
	return &published
}

func TestPartition(t *testing.T) {
	t.Parallel()
	t.Run("lists checks and publishes", partitionListsChecksAndPublishes)
	t.Run("runs a limited number of batches at a time", partitionRunsLimitedNumberOfBatchesAtTime)
	t.Run("ends with the first failed batch", partitionEndsWithFirstFailedBatch)
	t.Run("continues as new where it stopped", partitionContinuesAsNewWhereItStopped)
	t.Run("shows a failed check", partitionShowsFailedCheck)
	t.Run("reports an unchanged partition", partitionReportsUnchangedPartition)
	t.Run("begins nothing new when canceled", partitionBeginsNothingNewWhenCanceled)
	t.Run("runs on the named queues", partitionRunsOnNamedQueues)
	t.Run("gives checks the input versions", partitionGivesChecksInputVersions)
}

func partitionListsChecksAndPublishes(t *testing.T) {
	t.Parallel()
	env := newEnv()
	env.OnActivity(a.List, mock.Anything, mock.Anything).Return(func(ctx context.Context, in materialize.StepInput) (materialize.SyncResult, error) {
		info := activity.GetInfo(ctx)
		require.Equal(t, "drugslm-browser", info.TaskQueue)
		require.Equal(t, 30*time.Second, info.HeartbeatTimeout)
		require.Equal(t, 7*time.Minute, info.StartToCloseTimeout)
		require.Equal(t, input(true).StepInput, in)
		return materialize.SyncResult{Snapshot: "2026-05-01", Upstream: map[string]int64{"t/index": 2}, SyncResult: ledger.SyncResult{Discovered: 5, Batches: 3}}, nil
	})
	published := publishing(env)
	env.ExecuteWorkflow(workflows.Partition, input(true))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, materialize.PublishInput{
		StepInput: input(true).StepInput, Snapshot: "2026-05-01", Upstream: map[string]int64{"t/index": 2}, CheckResults: verdicts(),
	}, *published)
	var made materialize.Result
	require.NoError(t, env.GetWorkflowResult(&made))
	require.EqualValues(t, 9, made.Version)
	require.Contains(t, details(t, env), "published as version 9: 42 rows")
}

func partitionRunsLimitedNumberOfBatchesAtTime(t *testing.T) {
	t.Parallel()
	var arrived sync.WaitGroup
	arrived.Add(8)
	b := &batches{}
	b.do = func(n int) (materialize.BatchOutput, error) {
		if n <= 8 {
			arrived.Done()
			arrived.Wait() // only eight at once get past this
		}
		return materialize.BatchOutput{Staged: 3, Absent: 1, Quarantined: 1, Trace: fmt.Sprintf("trace-%d", n)}, nil
	}
	env, published := making(30, b)
	env.ExecuteWorkflow(workflows.Partition, input(false))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, upTo(30), b.sorted())
	require.Equal(t, 8, b.top)
	require.Len(t, published.Traces, 30)
	require.Equal(t, map[string]int64{"t/catalog": 4}, published.Upstream)
	shown := details(t, env)
	require.Contains(t, shown, "t/download[1], run `run-1`: published as version 9: 42 rows")
	require.Contains(t, shown, "| 77 | 70 | 0 | 0 | 0 | 0 | 7 | 70 | 90 | 30 | 30 |")
}

func partitionEndsWithFirstFailedBatch(t *testing.T) {
	t.Parallel()
	b := &batches{}
	b.do = func(n int) (materialize.BatchOutput, error) {
		if n == 2 {
			return materialize.BatchOutput{}, temporal.NewNonRetryableApplicationError("the page is another", string(fault.Layout), nil)
		}
		return materialize.BatchOutput{Staged: 1}, nil
	}
	env, published := making(500, b)
	env.ExecuteWorkflow(workflows.Partition, input(false))
	require.ErrorContains(t, env.GetWorkflowError(), "the page is another")
	require.Less(t, len(b.sorted()), 500, "nothing new is begun")
	require.Empty(t, published.Run, "and nothing is published")
}

func partitionContinuesAsNewWhereItStopped(t *testing.T) {
	t.Parallel()
	first := &batches{}
	env, published := making(40, first)
	done := 0
	env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if done++; done == 5 {
			env.SetCurrentHistoryLength(4000)
		}
	})
	env.ExecuteWorkflow(workflows.Partition, input(false))
	var again *workflow.ContinueAsNewError
	require.True(t, errors.As(env.GetWorkflowError(), &again), "%v", env.GetWorkflowError())
	require.Empty(t, published.Run)
	var next workflows.PartitionInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.NotNil(t, next.Cursor)
	begun := len(first.sorted())
	require.Less(t, begun, 40)
	require.Equal(t, upTo(begun), first.sorted(), "what was begun was also awaited")

	second := &batches{}
	env, published = making(0, second) // it does not sync again
	env.ExecuteWorkflow(workflows.Partition, next)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, upTo(40), append(first.sorted(), second.sorted()...), "each batch in one of the two")
	require.Len(t, published.Traces, 40)
	require.Equal(t, map[string]int64{"t/catalog": 4}, published.Upstream)
	require.Contains(t, details(t, env), "| 120 | 40 | 40 |", "the counts go on")
}

func partitionShowsFailedCheck(t *testing.T) {
	t.Parallel()
	env := newEnv()
	env.OnActivity(a.List, mock.Anything, mock.Anything).Return(materialize.SyncResult{}, nil)
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{},
		temporal.NewNonRetryableApplicationError("check identified: product 0", string(fault.Layout), nil))
	env.ExecuteWorkflow(workflows.Partition, input(true))
	require.ErrorContains(t, env.GetWorkflowError(), "check identified: product 0")
	require.Contains(t, details(t, env), "**not published**: check identified: product 0")
}

func partitionReportsUnchangedPartition(t *testing.T) {
	t.Parallel()
	env := newEnv()
	env.OnActivity(a.Enrol, mock.Anything, mock.Anything).Return(materialize.SyncResult{}, nil)
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(materialize.Checked{}, nil)
	env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(materialize.Result{Version: 3, Rows: 7}, nil)
	env.ExecuteWorkflow(workflows.Partition, input(false))
	require.NoError(t, env.GetWorkflowError())
	require.Contains(t, details(t, env), "unchanged since version 3: 7 rows")
}

func partitionBeginsNothingNewWhenCanceled(t *testing.T) {
	t.Parallel()
	b := &batches{}
	release := make(chan struct{})
	b.do = func(int) (materialize.BatchOutput, error) {
		<-release
		return materialize.BatchOutput{}, nil
	}
	env, published := making(50, b)
	started := 0
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name != "Batch" {
			return
		}
		if started++; started == 8 {
			env.CancelWorkflow()
			close(release)
		}
	})
	env.ExecuteWorkflow(workflows.Partition, input(false))
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.LessOrEqual(t, len(b.sorted()), 8, "those in the window")
	require.Empty(t, published.Run)
}

func partitionRunsOnNamedQueues(t *testing.T) {
	t.Parallel()
	require.Equal(t, "drugslm-extract", workflows.TaskQueue(asset.QueueExtract))
}

func partitionGivesChecksInputVersions(t *testing.T) {
	t.Parallel()
	env := newEnv()
	env.OnActivity(a.List, mock.Anything, mock.Anything).Return(materialize.SyncResult{Upstream: map[string]int64{"t/index": 2}}, nil)
	var asked materialize.CheckInput
	env.OnActivity(a.Check, mock.Anything, mock.Anything).Return(func(_ context.Context, in materialize.CheckInput) (materialize.Checked, error) {
		asked = in
		return materialize.Checked{}, nil
	})
	env.OnActivity(a.Publish, mock.Anything, mock.Anything).Return(materialize.Result{}, nil)
	in := input(true)
	in.Accept = []string{"not_dropped"}
	env.ExecuteWorkflow(workflows.Partition, in)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, materialize.CheckInput{StepInput: in.StepInput, Upstream: map[string]int64{"t/index": 2}}, asked)
}
