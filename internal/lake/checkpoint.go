package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/snappy"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// checkpointEvery is after how many commits the state is written down whole, so that a reader need not replay more.
const checkpointEvery = 10

// keepRemoved is how long a checkpoint remembers a removed file, for the vacuum of other programs: Delta's default.
const keepRemoved = 7 * 24 * time.Hour

// lastCheckpoint is the object that points to the newest checkpoint.
type lastCheckpoint struct {
	Version int64 `json:"version"`
	Size    int64 `json:"size"`            // actions in it
	Parts   int   `json:"parts,omitempty"` // ours have one file, and this is not written
}

func (t *Table) pointerName() string { return t.name(logFolder, "_last_checkpoint") }

func (t *Table) checkpointName(version int64) string {
	return t.name(logFolder, fmt.Sprintf("%020d.checkpoint.parquet", version))
}

func (t *Table) pointer(ctx context.Context) (int64, bool) {
	b, err := readAll(ctx, t.store, t.pointerName(), 1<<20)
	var last lastCheckpoint
	if err != nil || json.Unmarshal(b, &last) != nil {
		return -1, false // only a hint: the log's listing knows as well
	}
	return last.Version, last.Parts == 0 && last.Version >= 0
}

func (t *Table) readCheckpoint(ctx context.Context, c checkpointed) (*Snapshot, error) {
	s := newSnapshot()
	for _, name := range t.checkpointNames(c) {
		b, err := readAll(ctx, t.store, name, maxCheckpoint)
		if err != nil {
			return nil, err
		}
		actions, err := parseCheckpoint(b)
		if err == nil {
			err = t.apply(s, actions)
		}
		if err != nil {
			return nil, fault.Wrap(fault.Corrupt, "read "+name, err)
		}
	}
	if s.meta == nil || s.proto == nil {
		return nil, fault.New(fault.Corrupt, "read "+t.checkpointName(c.version), "it has no schema")
	}
	s.Version, s.checkpoint = c.version-1, c.version
	return s, nil
}

func parseCheckpoint(b []byte) (actions []action, err error) {
	defer func() {
		if r := recover(); r != nil { // parquet-go panics on what it did not expect
			err = fmt.Errorf("%v", r)
		}
	}()
	file, err := rows.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	actions, err = parquet.Read[action](bytes.NewReader(b), file.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, a := range actions {
		if err := a.check(); err != nil {
			return nil, err
		}
	}
	return actions, nil
}

// checkpointIfDue writes s down when the last time was long ago. The commit is done by then, so a failure is
// logged; the next commit tries again.
func (t *Table) checkpointIfDue(ctx context.Context, s *Snapshot) {
	if s.Version-s.checkpoint < checkpointEvery {
		return
	}
	if newest, ok := t.pointer(ctx); ok && newest > s.checkpoint && newest <= s.Version { // another process wrote it
		s.checkpoint = newest
		if s.Version-s.checkpoint < checkpointEvery {
			return
		}
	}
	if err := t.writeCheckpoint(ctx, s, time.Now()); err != nil {
		slog.WarnContext(ctx, "no checkpoint was written; reading the table takes longer", "table", t.location,
			"version", s.Version, "error", err)
		return
	}
	s.checkpoint = s.Version
}

func (t *Table) writeCheckpoint(ctx context.Context, s *Snapshot, now time.Time) error {
	actions := s.actions(now)
	var b bytes.Buffer
	err := parquet.Write(&b, actions, parquet.Compression(&snappy.Codec{})) // every reader knows snappy
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if _, err := t.store.Put(ctx, t.checkpointName(s.Version), &b); err != nil {
		return err
	}
	last, err := json.Marshal(lastCheckpoint{Version: s.Version, Size: int64(len(actions))})
	if err != nil {
		return err
	}
	_, err = t.store.Put(ctx, t.pointerName(), bytes.NewReader(last))
	return err
}

// actions lists what makes up the state, in the same order each time.
func (s *Snapshot) actions(now time.Time) []action {
	actions := []action{{Protocol: s.proto}, {MetaData: s.meta}}
	for _, app := range slices.Sorted(maps.Keys(s.txns)) {
		actions = append(actions, action{Txn: s.txns[app]})
	}
	for _, name := range slices.Sorted(maps.Keys(s.domains)) {
		if d := s.domains[name]; !d.Removed {
			actions = append(actions, action{Domain: d})
		}
	}
	for _, p := range slices.Sorted(maps.Keys(s.files)) {
		actions = append(actions, action{Add: s.files[p].added})
	}
	for _, p := range slices.Sorted(maps.Keys(s.removed)) {
		if r := s.removed[p]; now.Sub(time.UnixMilli(r.DeletionTimestamp)) < keepRemoved {
			actions = append(actions, action{Remove: r})
		}
	}
	return actions
}
