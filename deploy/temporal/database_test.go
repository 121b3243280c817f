package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	t.Run("is locked by one server", databaseIsLockedByOneServer)
	t.Run("can be prepared twice", databaseCanBePreparedTwice)
	t.Run("refuses other files", databaseRefusesOtherFiles)
	t.Run("waits for its predecessor", databaseWaitsForItsPredecessor)
}

func databaseIsLockedByOneServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "t.db")
	lock, err := lockDatabase(path)
	require.NoError(t, err)

	_, err = lockDatabase(path)
	require.ErrorContains(t, err, "another server uses "+path)
	require.ErrorContains(t, err, "--db")

	require.NoError(t, lock.Close())
	lock, err = lockDatabase(path)
	require.NoError(t, err)
	require.NoError(t, lock.Close())
}

func databaseCanBePreparedTwice(t *testing.T) {
	t.Parallel()
	o := options{db: filepath.Join(t.TempDir(), "a ?#%20é.db"), namespace: "default", attributes: projectAttributes()}
	require.NoError(t, os.WriteFile(o.db+".new", []byte("half a schema"), 0o600)) // killed while making it
	require.NoError(t, prepareDatabase(o))
	require.NoError(t, prepareDatabase(o))
	require.FileExists(t, o.db)
	require.NoFileExists(t, o.db+".new")
}

func databaseRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(path, []byte("not a database, but long enough to be looked at as one: it is text"), 0o600))
	require.ErrorContains(t, prepareDatabase(options{db: path, namespace: "default"}), "notes.txt")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), "not a database", "the file is left alone")
}

func databaseWaitsForItsPredecessor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.db")
	require.NoError(t, awaitPredecessor(t.Context(), path))
	require.NoFileExists(t, path+".lock", "waiting for nobody leaves nothing behind")

	lock, err := lockDatabase(path)
	require.NoError(t, err)
	waited := make(chan error, 1)
	go func() { waited <- awaitPredecessor(t.Context(), path) }()
	require.NoError(t, lock.Close())
	require.NoError(t, <-waited, "the file is free once the other has stopped")

	lock, err = lockDatabase(path)
	require.NoError(t, err)
	defer lock.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInUse(path))
	require.ErrorContains(t, awaitPredecessor(ctx, path), "another server uses "+path)
}
