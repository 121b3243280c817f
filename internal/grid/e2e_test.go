package grid_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func TestChromedriver(t *testing.T) {
	needBrowser(t)
	gridtest.Run(t, func(t *testing.T) *grid.Pool {
		p, err := grid.Open(t.Context(), grid.Options{UserAgent: "drugslm/0.1 (+test)", NoSandbox: os.Geteuid() == 0})
		require.NoError(t, err)
		return p
	})
}

func TestRealHub(t *testing.T) {
	hub := os.Getenv("DRUGSLM_TEST_HUB_URL")
	if hub == "" {
		t.Skip("needs a Selenium Grid: deploy/grid/up.sh starts one; then set DRUGSLM_TEST_HUB_URL")
	}
	for _, browser := range []string{"chrome", "firefox"} {
		t.Run(browser, func(t *testing.T) {
			if browser == "firefox" && !strings.Contains(status(t, hub), browser) {
				t.Skip("the Grid has no node with Firefox: deploy/grid/geckodriver.sh installs what one needs")
			}
			gridtest.Run(t, func(t *testing.T) *grid.Pool {
				p, err := grid.Open(t.Context(), grid.Options{Hub: hub, Browser: browser, NoSandbox: os.Geteuid() == 0})
				require.NoError(t, err)
				return p
			})
		})
	}
}

// status is what the hub says of itself and its nodes.
func status(t *testing.T, hub string) string {
	t.Helper()
	resp, err := http.Get(hub + "/status")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return string(body)
}

// Four pools of one process, with two browsers each that work at once.
func TestPoolsOfOneProcess(t *testing.T) {
	needBrowser(t)
	var pools errgroup.Group
	for range 4 {
		pools.Go(func() error {
			p, err := grid.Open(t.Context(), grid.Options{NoSandbox: os.Geteuid() == 0})
			if err != nil {
				return err
			}
			var leases errgroup.Group
			for range 4 {
				leases.Go(func() error {
					return p.With(t.Context(), func(ctx context.Context, s *grid.Session) error {
						return s.Eval(ctx, "return 1 + 1", nil)
					})
				})
			}
			return errors.Join(leases.Wait(), p.Close(context.WithoutCancel(t.Context())))
		})
	}
	require.NoError(t, pools.Wait())
}
