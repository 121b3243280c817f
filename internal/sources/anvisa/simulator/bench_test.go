package simulator_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

// A page of 1,000 rows has 2,000 tokens to sign.
func BenchmarkListPage(b *testing.B) {
	p, err := simulator.New(simulator.Options{Products: 8800})
	require.NoError(b, err)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		require.Equal(b, http.StatusOK, serve(p, fmt.Sprintf("/api/consulta/bulario?count=1000&page=%d", i%8+1)).Code)
	}
}

func BenchmarkLeaflet(b *testing.B) {
	p, err := simulator.New(simulator.Options{Products: 8800})
	require.NoError(b, err)
	products := p.Inventory().Products
	size := 0
	for i := 0; b.Loop(); i++ {
		if x := products[i%len(products)]; x.Patient {
			l, err := p.Leaflet(x.ID, simulator.Patient)
			require.NoError(b, err)
			size = l.Size
		}
	}
	b.ReportMetric(float64(size), "bytes/leaflet")
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		_, err := simulator.New(simulator.Options{Products: 8800})
		require.NoError(b, err)
	}
}
