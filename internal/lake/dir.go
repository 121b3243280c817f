package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// DirStore is a store in a folder of a local file system that has hard links. Objects are plain files, readable by all.
type DirStore struct {
	root  string
	floor int64 // bytes to keep free; see KeepFree
	space space
}

// Dir returns the store in the folder root, which it creates if it is missing.
func Dir(root string) (*DirStore, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("lake folder %s: %w", root, err)
	}
	if err := makeDir(abs); err != nil {
		return nil, explain("make lake folder "+abs, err)
	}
	return &DirStore{root: abs}, nil
}

// Root returns the folder as an absolute path.
func (d *DirStore) Root() string { return d.root }

func (d *DirStore) path(name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	return filepath.Join(d.root, filepath.FromSlash(name)), nil
}

type dirObject struct {
	*os.File
	size int64
}

func (o dirObject) Size() int64 { return o.size }

// Open opens the file of that name.
func (d *DirStore) Open(_ context.Context, name string) (Object, error) {
	path, err := d.path(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, explain("open "+name, err)
	}
	f, err := file.Open(path) // a pipe in the folder would be waited for
	if err != nil {
		return nil, explain("open "+name, err)
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, explain("open "+name, err)
	}
	return dirObject{f, info.Size()}, nil
}

// Put writes a temporary file beside the target, syncs it, and renames it.
func (d *DirStore) Put(ctx context.Context, name string, r io.Reader) (int64, error) {
	return d.write(ctx, "put "+name, name, r, os.Rename)
}

// Create is Put with link(2) for the last step, which fails when the name is taken.
func (d *DirStore) Create(ctx context.Context, name string, r io.Reader) error {
	_, err := d.write(ctx, "create "+name, name, r, os.Link)
	return err
}

func (d *DirStore) write(ctx context.Context, op, name string, r io.Reader, place func(from, to string) error) (int64, error) {
	path, err := d.path(name)
	if err != nil {
		return 0, err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return 0, explain(op, err)
	}
	var quota Quota
	if !isLog(name) {
		if err := d.Room(); err != nil {
			return 0, explain(op, err)
		}
		if quota, err = admitted(ctx); err != nil {
			return 0, explain(op, err)
		}
		r = d.roomy(r)
	}
	temp := filepath.Join(filepath.Dir(path), TempPrefix+uuid.NewString())
	defer os.Remove(temp) // gone already after a rename
	n, err := writeFile(ctx, temp, r)
	if err != nil {
		return 0, explain(op, err)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	if err := place(temp, path); err != nil {
		return 0, explain(op, err)
	}
	if quota != nil {
		quota.Stored(ctx, n)
	}
	return n, explain(op, syncDir(filepath.Dir(path)))
}

func writeFile(ctx context.Context, path string, r io.Reader) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if n, err = io.Copy(f, until(ctx, r)); err != nil {
		return n, err
	}
	return n, f.Sync()
}

// until yields the bytes of r until ctx ends, so that a canceled copy stops.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// Delete removes the file of that name. Its folder stays.
func (d *DirStore) Delete(_ context.Context, name string) error {
	path, err := d.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return explain("delete "+name, err)
	}
	return explain("delete "+name, syncDir(filepath.Dir(path)))
}

// List walks the deepest folder that prefix names.
func (d *DirStore) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := d.walk(ctx, prefix, func(name string, info fs.FileInfo) bool {
			if strings.HasPrefix(filepath.Base(name), TempPrefix) {
				return true
			}
			return yield(Info{Name: name, Size: info.Size(), Modified: info.ModTime()}, nil)
		})
		if err != nil {
			yield(Info{}, explain("list "+prefix, err))
		}
	}
}

// SweepTemp removes the temporary files below prefix that were last written more than olderThan ago, and returns their
// names. A killed process leaves them during a put.
func (d *DirStore) SweepTemp(ctx context.Context, prefix string, olderThan time.Duration) ([]string, error) {
	var swept []string
	var failed error
	cutoff := time.Now().Add(-olderThan)
	err := d.walk(ctx, prefix, func(name string, info fs.FileInfo) bool {
		if !strings.HasPrefix(filepath.Base(name), TempPrefix) || info.ModTime().After(cutoff) {
			return true
		}
		if failed = os.Remove(filepath.Join(d.root, name)); failed == nil {
			swept = append(swept, name)
		}
		return failed == nil
	})
	return swept, explain("sweep "+prefix, errors.Join(err, failed))
}

// walk calls visit for the files whose names start with prefix until it returns false.
func (d *DirStore) walk(ctx context.Context, prefix string, visit func(string, fs.FileInfo) bool) error {
	folder := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		folder = prefix[:i]
	}
	if !fs.ValidPath(folder) {
		return CheckName(folder)
	}
	err := fs.WalkDir(os.DirFS(d.root), folder, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it went while we walked, or never was
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir() || !strings.HasPrefix(name, prefix):
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !visit(name, info) {
			return fs.SkipAll
		}
		return err
	})
	return err
}

// makeDir is os.MkdirAll that also makes the new folders outlive a power cut.
func makeDir(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// explain gives an error of the file system its kind, and says in words what the operator must fix.
func explain(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &fault.Error{Kind: fault.Full, Op: op, After: roomAfter, Err: fmt.Errorf("the disk is full: %w", err)}
	case errors.Is(err, syscall.EROFS):
		return fault.Wrap(fault.Unavailable, op, fmt.Errorf("the disk is read-only: %w", err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTSUP):
		return fault.Wrap(fault.Unavailable, op, fmt.Errorf("the lake's folder cannot be written to by this user, or has no hard links: %w", err))
	case errors.Is(err, syscall.EIO):
		return fault.Wrap(fault.Unavailable, op, fmt.Errorf("the disk fails: %w", err))
	}
	return fmt.Errorf("%s: %w", op, err)
}
