package grid_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/grid"
	"drugslm/internal/grid/gridtest"
)

func TestChromedriver(t *testing.T) {
	needBrowser(t)
	gridtest.Run(t, func(t *testing.T) *grid.Pool {
		p, err := grid.Open(t.Context(), grid.Options{UserAgent: "drugslm/0.1 (+test)"})
		require.NoError(t, err)
		return p
	})
}

func TestRealHub(t *testing.T) {
	hub := os.Getenv("DRUGSLM_TEST_HUB_URL")
	if hub == "" {
		t.Skip("needs a Selenium Grid: deploy/grid/up.sh starts one; then set DRUGSLM_TEST_HUB_URL (and DRUGSLM_TEST_BROWSER=firefox)")
	}
	gridtest.Run(t, func(t *testing.T) *grid.Pool {
		p, err := grid.Open(t.Context(), grid.Options{Hub: hub, Browser: os.Getenv("DRUGSLM_TEST_BROWSER")})
		require.NoError(t, err)
		return p
	})
}

// Four pools of one process, with two browsers each that work at once.
func TestPoolsOfOneProcess(t *testing.T) {
	needBrowser(t)
	var pools errgroup.Group
	for range 4 {
		pools.Go(func() error {
			p, err := grid.Open(t.Context(), grid.Options{})
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
