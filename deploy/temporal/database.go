package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long the history of a closed workflow can be read: a month of daily runs.
const retention = 30 * 24 * time.Hour

// stopPatience is how long a server that is stopping may take: one whose parent was killed notices at once, and needs a
// second or two to stop cleanly.
const stopPatience = 15 * time.Second

// awaitPredecessor waits for a server that uses the same file and is stopping, so that a restart right after a crash
// finds file and ports free. It makes nothing; without a lock file there is nobody to wait for.
func awaitPredecessor(ctx context.Context, path string) error {
	if _, err := os.Stat(path + ".lock"); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stopPatience, errInUse(path))
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		lock, err := lockDatabase(path)
		if err == nil {
			return lock.Close()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func errInUse(path string) error {
	return fmt.Errorf("another server uses %s; stop it, or choose another file with --db", path)
}

// lockDatabase makes sure that no other server uses the file, and makes the file's folder. The lock goes when the returned
// file is closed or the process ends. It is on a file of its own, since SQLite has locks on the database itself.
func lockDatabase(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return lock, nil
	}
	lock.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errInUse(path)
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// prepareDatabase gives the file its schema and the namespace, unless it has them.
func prepareDatabase(o options) error {
	if err := createSchema(o.db); err != nil {
		return fmt.Errorf("create database %s: %w", o.db, err)
	}
	ns, err := schema.NewNamespaceConfig(clusterName, o.namespace, false, o.attributes)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", o.namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := schema.CreateNamespaces(sqlConfig(o.db, "wal"), ns); err != nil {
		return fmt.Errorf("open database %s: %w", o.db, err)
	}
	return nil
}

// createSchema makes the file beside its place and renames it when it is whole, so that being killed here leaves
// nothing that looks like a database. The journal is kept in the file itself until then: one file, one rename.
func createSchema(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := schema.SetupSchema(sqlConfig(fresh, "delete")); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// sqlConfig tells the server's SQLite driver how to open the file. The journal is "wal" for work. Every commit is
// synced to the disk (SQLite's default): what was acknowledged survives a power cut too.
func sqlConfig(path, journal string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: (&url.URL{Path: path}).EscapedPath(), // it becomes part of a file: URI, unescaped
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": journal,
			"busy_timeout": "10000", // milliseconds: somebody may look into the file with another program
		},
	}
}
