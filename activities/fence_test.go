package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// asleep makes the maker of the downloads stop before its first row, until wake is called.
func (w *fixture) asleep() (sleeping <-chan struct{}, wake func()) {
	began, goes := make(chan struct{}), make(chan struct{})
	w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		close(began)
		<-goes
		return w.honest(ctx, run, batch, report)
	}
	return began, func() { close(goes) }
}

// inBackground runs a batch as a worker does that nobody waits for any more.
func (w *fixture) inBackground(in materialize.BatchInput) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := call(w, w.acts.Batch, in)
		done <- err
	}()
	return done
}

func TestFence(t *testing.T) {
	t.Parallel()
	t.Run("refuses a batch that outlives its run", fenceRefusesBatchThatOutlivesItsRun)
	t.Run("leaves a batch of newer code to newer workers", fenceLeavesBatchOfNewerCodeToNewerWorkers)
	t.Run("refuses a sync by older code", fenceRefusesSyncByOlderCode)
	t.Run("lets newer code take over an abandoned step", fenceLetsNewerCodeTakeOverAbandonedStep)
	t.Run("refuses a row of another build", fenceRefusesRowOfAnotherBuild)
	t.Run("makes invalidated rows again", fenceMakesInvalidatedRowsAgain)
	t.Run("keeps the claim of the newer execution", fenceKeepsClaimOfNewerExecution)
	t.Run("waits for another execution of its run", fenceWaitsForAnotherExecutionOfItsRun)
}

// A batch of run A outlives its workflow. Run B has synced what the source shows now when A wakes and records outcomes.
func fenceRefusesBatchThatOutlivesItsRun(t *testing.T) {
	t.Parallel()
	w := listed(t, "a old", "b old")
	a := w.synced(download, ledger.Missing)
	sleeping, wake := w.asleep()
	late := w.inBackground(a)
	<-sleeping

	w.make[download] = nil
	w.show("a new", "b old")
	w.must(w.step(catalog))
	b := w.synced(download, ledger.Missing)
	wake()
	err := <-late
	require.True(t, wantKind(t, fault.Superseded, err).NonRetryable())
	require.ErrorContains(t, err, "is superseded by run "+b.Run)
	require.Equal(t, []string{"a pending  0", "b pending  0"}, w.entries(download))

	_, err = call(w, w.acts.Batch, b)
	require.NoError(t, err)
	_, err = w.publish(b.StepInput, materialize.SyncResult{Generation: b.Generation})
	require.NoError(t, err)
	require.Equal(t, []string{"a new", "b old"}, w.rows(download))
	_, again := w.must(w.step(download))
	require.False(t, again.Changed)
	w.sound()
}

// A new worker syncs, an old worker is offered the batch: it leaves it, and costs the step nothing.
func fenceLeavesBatchOfNewerCodeToNewerWorkers(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	w.must(w.step(download))
	w.calls()
	old := w.acts.Engine.Graph
	w.versions[download] = "2"
	w.deploy()
	newer := w.acts.Engine.Graph
	in := w.synced(download, ledger.Missing)

	w.acts.Engine.Graph = old
	_, left, err := heartbeatInterval(w, nil, w.acts.Batch, in)
	app := wantKind(t, fault.CodeVersion, err)
	require.False(t, app.NonRetryable())
	require.Equal(t, time.Second, app.NextRetryDelay())
	require.Zero(t, left["failures"], "it costs no attempt")
	require.ErrorContains(t, err, "waiting for a worker with code version 2 of test/download: this one has version 1")
	require.Empty(t, w.calls())

	w.acts.Engine.Graph = newer
	_, err = call(w, w.acts.Batch, in)
	require.NoError(t, err)
	w.acts.Engine.Graph = old
	for _, do := range []func() error{
		func() error {
			_, err := call(w, w.acts.Check, materialize.CheckInput{StepInput: in.StepInput})
			return err
		},
		func() error {
			_, err := call(w, w.acts.Publish, materialize.PublishInput{StepInput: in.StepInput})
			return err
		},
	} {
		wantKind(t, fault.CodeVersion, do())
	}
	w.acts.Engine.Graph = newer
	_, err = w.publish(in.StepInput, materialize.SyncResult{Generation: in.Generation})
	require.NoError(t, err)
	w.sound()
}

// An old worker that syncs later does not go back to old code, also when the plan is its own.
func fenceRefusesSyncByOlderCode(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	old := w.acts.Engine.Graph
	planned := w.step(download) // by the old worker
	w.versions[download] = "2"
	w.deploy()
	newer := w.acts.Engine.Graph
	w.must(w.step(download))
	w.calls()

	w.acts.Engine.Graph = old
	_, _, err := heartbeatInterval(w, nil, w.acts.Enrol, planned)
	require.False(t, wantKind(t, fault.CodeVersion, err).NonRetryable())
	require.ErrorContains(t, err, "has code version 2 in force, and 1 is older")
	w.acts.Engine.Graph = newer
	synced, made := w.must(planned)
	require.Equal(t, "2", synced.CodeVersion, "a worker with newer code does the step as its own")
	require.False(t, made.Changed)
	require.Empty(t, w.calls())

	// A rollback of the build, on purpose.
	was, err := w.ledger.AllowCode(t.Context(), string(download), "1")
	require.NoError(t, err)
	require.Equal(t, "2", was)
	w.acts.Engine.Graph = old
	w.must(w.step(download))
	require.Len(t, w.calls(), 2)
	w.sound()
}

// All workers of a step's version were replaced while it was in progress: newer code ends it, and says which rows it made.
func fenceLetsNewerCodeTakeOverAbandonedStep(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5")
	first := w.synced(download, ledger.Missing)
	_, err := call(w, w.acts.Batch, first)
	require.NoError(t, err)
	w.calls()
	w.versions[download] = "2"
	w.deploy()
	second := first
	second.Batch = 2
	_, _, err = heartbeatInterval(w, nil, w.acts.Batch, second)
	wantKind(t, fault.CodeVersion, err)

	w.acts.Engine.Patience = time.Nanosecond
	_, err = call(w, w.acts.Batch, second)
	require.NoError(t, err)
	require.Equal(t, []string{"e 5"}, w.calls())
	_, err = w.publish(second.StepInput, materialize.SyncResult{Generation: first.Generation})
	require.NoError(t, err)
	require.Equal(t, "1", w.latest(download).CodeVersion, "part of it is still of older code")
	w.sound()
	synced, _ := w.must(w.step(download))
	require.Equal(t, 4, synced.CodeChanged, "e is made by the new code already")
	w.sound()
}

// A worker of a build that knows no tokens stages a row of old code under a sync of new code: it is not published.
func fenceRefusesRowOfAnotherBuild(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2")
	old := w.asset(download)
	w.versions[download] = "2"
	w.deploy()
	in := w.synced(download, ledger.Missing)
	part, err := w.table(download).NewFile(t.Context(), here.Key, nil)
	require.NoError(t, err)
	outcomes := []ledger.Outcome{}
	for _, id := range []string{"a", "b"} {
		from := asset.Run{ID: "old", Now: time.Now}.For(old).Provenance(time.Now(), "")
		require.NoError(t, part.Write(row{ID: id, Content: "of old code", Provenance: from}))
		outcomes = append(outcomes, ledger.Outcome{ID: id, State: ledger.Staged})
	}
	file, err := part.Close(t.Context())
	require.NoError(t, err)
	for i := range outcomes {
		outcomes[i].Staged = file.Path
	}
	require.NoError(t, w.ledger.RecordOutcomes(t.Context(), w.token(download), outcomes))

	_, err = w.publish(in.StepInput, materialize.SyncResult{Generation: in.Generation})
	wantKind(t, fault.Superseded, err)
	require.ErrorContains(t, err, "was made with code version 1, not 2")
	require.Equal(t, []string{"a pending  0", "b pending  0"}, w.entries(download))
	w.must(w.step(download))
	require.Equal(t, []string{"a 1", "b 2"}, w.rows(download))
	w.sound()
}

// What an audit finds is made again by the next run, of a partition that derives its rows too.
func fenceMakesInvalidatedRowsAgain(t *testing.T) {
	t.Parallel()
	for _, key := range []asset.Key{catalog, download} {
		w := listed(t, "a 1", "b 2")
		if key != catalog {
			w.must(w.step(key))
		}
		w.calls()
		require.NoError(t, w.ledger.InvalidateRow(t.Context(), string(key), here.Key, "a", "its row is of another code version"))
		require.Len(t, w.rows(key), 2, "readers keep what they have")
		synced, made := w.must(w.step(key))
		require.Equal(t, []int{1, 1}, []int{synced.Changed, synced.Unchanged})
		require.True(t, made.Changed)
		_, again := w.must(w.step(key))
		require.False(t, again.Changed)
		w.sound()
	}
}

// A late activity of an execution that has ended finds that the execution that followed it, of the same run or of another
// one, holds the partition: it takes it from neither.
func fenceKeepsClaimOfNewerExecution(t *testing.T) {
	t.Parallel()
	for _, run := range []string{"the same", "another"} {
		for _, workflow := range []string{"default-test-workflow-id", "partition/test/catalog[5]@again"} {
			w := newFixture(t)
			w.show("a 1")
			in := w.step(catalog)
			newer := ledger.Claim{Asset: string(catalog), Partition: here.Key, Run: in.Run, Workflow: workflow, Execution: "newer"}
			if run == "another" {
				newer.Run = "newer"
			}
			held, err := w.ledger.Claim(t.Context(), newer)
			require.NoError(t, err)

			w.acts.Executions = executions{"ended": true, workflow + " newer": true}
			for _, late := range []func() error{
				func() error { _, err := call(w, w.acts.List, in); return err },
				func() error {
					_, err := call(w, w.acts.MaterializePartition, activities.PartitionInput{StepInput: in})
					return err
				},
				func() error { _, err := call(w, w.acts.Check, materialize.CheckInput{StepInput: in}); return err },
			} {
				wantKind(t, fault.Superseded, late())
			}
			require.Equal(t, []ledger.Claim{held}, w.claims(), "%s run, workflow %s", run, workflow)
			require.Empty(t, w.entries(catalog))
		}
	}
}

// Two executions of one run that are both in progress: the one that came second waits, unless the first one started it.
func fenceWaitsForAnotherExecutionOfItsRun(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1")
	in := w.step(catalog)
	first := ledger.Claim{Asset: string(catalog), Partition: here.Key, Run: in.Run, Workflow: "backfill/june", Execution: "e1"}
	_, err := w.ledger.Claim(t.Context(), first)
	require.NoError(t, err)
	w.acts.Executions = executions{"backfill/june e1": true}
	_, err = call(w, w.acts.List, in)
	require.ErrorContains(t, wantKind(t, fault.Busy, err), "is at it since")
	w.acts.Executions = child{executions{}, "backfill/june"}
	_, err = call(w, w.acts.List, in)
	require.NoError(t, err)
	require.Equal(t, "default-test-workflow-id", w.claim(catalog).Workflow)
}

// child plays a server on which the caller was started by a workflow.
type child struct {
	executions
	parent string
}

func (c child) Current(context.Context, string, string) (bool, string, error) {
	return true, c.parent, nil
}
