package grid_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func TestFolders(t *testing.T) {
	t.Run("are kept by pools that open at once", foldersAreKeptByPoolsThatOpenAtOnce)
}

// Each pool that opens sweeps: it must not take the folder that another is just making.
func foldersAreKeptByPoolsThatOpenAtOnce(t *testing.T) {
	bin := t.TempDir()
	const script = `#!/bin/sh
[ -d "$TMPDIR" ] || exit 3
echo "ChromeDriver was started successfully on port 9."
exec sleep 600
`
	require.NoError(t, os.WriteFile(filepath.Join(bin, "chromedriver"), []byte(script), 0o700))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	temp := shortDir(t)
	t.Setenv("TMPDIR", temp)
	_, hub := gridtest.NewTransport()
	var openers sync.WaitGroup
	errs := make(chan error, 100)
	for range 4 {
		openers.Go(func() {
			for range 25 {
				p, err := grid.OpenOver(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0}, hub)
				if err == nil {
					err = p.Close(context.WithoutCancel(t.Context()))
				}
				errs <- err
			}
		})
	}
	openers.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	requireEmpty(t, temp)
}
