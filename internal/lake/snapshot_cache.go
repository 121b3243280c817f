package lake

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// snapshots remembers the newest state that was seen of each table, so that a table of thousands of files is not read
// from its log again for every partition. The log stays the truth: what is remembered is only ever advanced by it, and
// dropped when the log no longer has the commit that made it (see still).
type snapshots struct {
	mu     sync.Mutex
	states map[string]*Snapshot
	turns  map[string]chan struct{} // one token each: its holder commits
}

func newSnapshots() *snapshots {
	return &snapshots{states: map[string]*Snapshot{}, turns: map[string]chan struct{}{}}
}

func (l *snapshots) get(location string) *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[location]
}

// put remembers a state that was made when before was the one remembered, unless somebody has got further meanwhile.
func (l *snapshots) put(location string, s, before *Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held := l.states[location]; held == before || held == nil || held.Version < s.Version {
		l.states[location] = s
	}
}

// patience is how long a commit waits for its turn. It is only to save work: one that hangs must not hold up the others.
const patience = 250 * time.Millisecond

// turn waits a while for the turn to commit to a table, and gives the function that ends it.
func (l *snapshots) turn(ctx context.Context, location string) (done func()) {
	l.mu.Lock()
	token, ok := l.turns[location]
	if !ok {
		token = make(chan struct{}, 1)
		l.turns[location] = token
	}
	l.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case token <- struct{}{}:
		return func() { <-token }
	case <-timer.C:
	case <-ctx.Done(): // the next read or write says so
	}
	return func() {}
}

// still reports whether the log has the commit that made s: a table that was deleted and made again, or restored from a
// copy, has another one in its place.
func (t *Table) still(ctx context.Context, s *Snapshot) bool {
	if s.Version < 0 {
		return false // nothing is remembered of a table that did not exist
	}
	b, err := t.commitBytes(ctx, s.Version)
	return err == nil && sha256.Sum256(b) == s.commit
}

// advanced is s with the commits that came after it; s itself when there are none.
func (t *Table) advanced(ctx context.Context, s *Snapshot) (*Snapshot, error) {
	o, err := t.store.Open(ctx, t.commitName(s.Version+1))
	if err != nil {
		return s, existing(err)
	}
	defer o.Close()
	next := s.clone()
	return next, t.advance(ctx, next, s.Version+1<<20)
}

// clone is a copy that may be changed.
func (s *Snapshot) clone() *Snapshot {
	c := *s
	c.files, c.removed, c.txns, c.domains = maps.Clone(s.files), maps.Clone(s.removed), maps.Clone(s.txns), maps.Clone(s.domains)
	return &c
}

// existing is err, unless it only says that there is no such object.
func existing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
