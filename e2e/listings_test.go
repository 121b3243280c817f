package e2e

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/stretchr/testify/require"
)

// rowsOf counts the rows of a listing.
func rowsOf(t *testing.T, path string) int {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	records, err := csv.NewReader(unzipped).ReadAll()
	require.NoError(t, err)
	return len(records) - 1
}

// TestRealListings runs real crawls of the whole portal through the catalog: complete ones are published to the row,
// those that silently lost pages are refused, and the table keeps what it had.
func TestRealListings(t *testing.T) {
	needed(t)
	t.Parallel()
	days := filepath.Join(sharedData(t), "index")
	published := func(t *testing.T, listing, data string) *site {
		t.Helper()
		s := startSite(t, startPortal(t, "--listing", listing), data)
		s.materialize("+anvisa/catalog")
		require.Equal(t, rowsOf(t, listing), s.status().rows("anvisa/catalog"))
		s.audited()
		return s
	}
	t.Run("2026-07-03.csv.gz", func(t *testing.T) { published(t, filepath.Join(days, "2026-07-03.csv.gz"), t.TempDir()) })
	truncated := map[string]string{ // with the complete crawl before it, whose totals the portal claimed
		"2026-05-28T1739.csv.gz": "2026-05-28T1751.csv.gz",
		"2026-07-02.csv.gz":      "2026-07-01.csv.gz",
	}
	for day, claims := range truncated {
		t.Run(day, func(t *testing.T) {
			data, full := t.TempDir(), filepath.Join(days, claims)
			before := published(t, full, data)
			versions := before.status()
			require.Equal(t, 0, before.stop(syscall.SIGTERM))

			portal := startPortal(t, "--listing", filepath.Join(days, day), "--claims", full)
			s := startSite(t, portal, data)
			var held struct {
				Categories []struct {
					ID             int `json:"id"`
					Total, Claimed int
				} `json:"categories"`
			}
			portal.get("/_truth", &held)
			refused := s.run("materialize", "--wait", "+anvisa/catalog")
			require.Equal(t, 1, refused.code)
			after, short := s.status(), 0
			for _, c := range held.Categories {
				if c.Total == c.Claimed {
					continue
				}
				short++
				key := strconv.Itoa(c.ID)
				require.Equal(t, catalogVersions(versions)[key], catalogVersions(after)[key], "category %s keeps its former version", key)
				require.Contains(t, refused.stdout, humanize.Comma(int64(c.Total))+" of", "and the run says what was missing")
			}
			require.Positive(t, short)
			s.audited()
		})
	}
}

// catalogVersions are the versions in which the catalog's partitions were last published.
func catalogVersions(v status) map[string]int64 {
	versions := make(map[string]int64)
	for _, a := range v.Assets {
		for _, p := range a.Partitions {
			if a.Asset == "anvisa/catalog" && p.Version != nil {
				versions[p.Partition] = *p.Version
			}
		}
	}
	return versions
}
