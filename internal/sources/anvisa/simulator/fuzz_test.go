package simulator

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzListing reads a file of rows that somebody wants to be served.
func FuzzListing(f *testing.F) {
	header := strings.Join(ListingColumns(), ",") + "\n"
	f.Add([]byte(header + "1,100010001,DIPIRONA,123,ACME,00000000000191,2026-01-02T03:04:05Z,25351000001202011,2026-01-02\n"))
	f.Add([]byte(header + "1,1\n"))
	f.Add([]byte(header + "\"\n"))
	f.Add([]byte("idProduto\n-1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseListing(bytes.NewReader(text))
		if err == nil {
			require.False(t, found.day.IsZero() && len(found.products) > 0)
		}
	})
}
