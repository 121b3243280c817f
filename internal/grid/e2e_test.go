package grid_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

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
