package anvisa_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

// bundle is a portal, and a client of it.
type bundle struct {
	portal *simulator.Portal
	server *httptest.Server
	site   *client.Site
	pace   *clienttest.Pace
}

// open makes a portal that behaves as faults say, and a client that asks it in a way.
func open(t *testing.T, way client.Options, faults string, products int) bundle {
	t.Helper()
	broken, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	p, err := simulator.New(simulator.Options{Products: products, Faults: broken})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	b := bundle{portal: p, server: server, pace: &clienttest.Pace{}}
	way.URL, way.Browser, way.Pace = server.URL, clienttest.Browser{}, b.pace
	b.site, err = client.NewSite(way)
	require.NoError(t, err)
	return b
}
