package lake

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"drugslm/internal/fault"
)

// AutoFloor keeps [defaultFloor] free, or a twentieth of the file system if that is less.
const AutoFloor = -1

// defaultFloor is room for what is in progress: eight batches of PDFs, a table's new files, the ledger's log.
const defaultFloor = 1 << 30

// roomAfter is how long one waits for room before looking again.
const roomAfter = 15 * time.Second

// roomEvery is how many bytes are written between two looks.
const roomEvery = 4 << 20

// space says how many bytes a file system has, and how many of them this user may still write.
type space func(path string) (total, free uint64, err error)

// KeepFree returns a store on the same folder that refuses to write, also in the middle of a write, once less than floor
// bytes are free. Such a write is fault.Full and leaves nothing behind. The log of a table is written all the same, down
// to the last byte: it is small, and records what was stored before. AutoFloor: the default; 0: no floor.
func (d *DirStore) KeepFree(floor int64) *DirStore {
	return &DirStore{root: d.root, floor: floor, space: statfs}
}

// Room returns fault.Full if less space is free than the store keeps free.
func (d *DirStore) Room() error {
	if d.floor == 0 || d.space == nil {
		return nil
	}
	total, free, err := d.space(d.root)
	if err != nil {
		return nil //nolint:nilerr // a file system that does not tell is written to until it is full
	}
	floor := uint64(max(d.floor, 0))
	if d.floor == AutoFloor {
		floor = min(defaultFloor, total/20)
	}
	if free >= floor {
		return nil
	}
	return &fault.Error{Kind: fault.Full, Op: "wait for room", After: roomAfter, Err: fmt.Errorf(
		"%s free on %s, floor %s (disk.floor): free some, it goes on by itself", humanize.IBytes(free), d.root, humanize.IBytes(floor))}
}

// roomy gives r's bytes as long as there is room.
func (d *DirStore) roomy(r io.Reader) io.Reader {
	left := 0
	return readFunc(func(p []byte) (int, error) {
		if left <= 0 {
			if err := d.Room(); err != nil {
				return 0, err
			}
			left = roomEvery
		}
		n, err := r.Read(p)
		left -= n
		return n, err
	})
}

// Quota limits what is stored under a context.
type Quota interface {
	// Admit returns an error if nothing more may be stored.
	Admit(ctx context.Context) error
	// Stored counts stored bytes.
	Stored(ctx context.Context, bytes int64)
}

type quotaKey struct{}

// WithQuota returns a context that limits what is stored under it, except the logs of tables.
func WithQuota(ctx context.Context, q Quota) context.Context {
	return context.WithValue(ctx, quotaKey{}, q)
}

// admitted asks the quota of ctx, if it has one, and gives it.
func admitted(ctx context.Context) (Quota, error) {
	q, ok := ctx.Value(quotaKey{}).(Quota)
	if !ok {
		return nil, nil
	}
	return q, q.Admit(ctx)
}

// isLog reports whether an object belongs to the log of a table.
func isLog(name string) bool { return strings.Contains("/"+name, "/_delta_log/") }
