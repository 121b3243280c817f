package simulator_test

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

const listingHeader = "idProduto,numeroRegistro,nomeProduto,expediente,razaoSocial,cnpj,data,numProcesso,dataAtualizacao\n"

// listingRow is a row as real listings have it, in summer time.
func listingRow(id int) string {
	return fmt.Sprintf("%d,%09d,\"NOME, COM  %d\",%010d,EMPRESA - LTDA,57507378000365,2025-12-15T12:34:12.000-0200,25351%012d,2026-05-28T00:00:00.000-0300\n", id, id, id, id, id)
}

func listingFile(t *testing.T, name string, ids ...int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	var text strings.Builder
	text.WriteString(listingHeader)
	for _, id := range ids {
		text.WriteString(listingRow(id))
	}
	if strings.HasSuffix(name, ".gz") {
		packed := gzip.NewWriter(file)
		_, err = packed.Write([]byte(text.String()))
		require.NoError(t, err)
		require.NoError(t, packed.Close())
		return path
	}
	_, err = file.WriteString(text.String())
	require.NoError(t, err)
	return path
}

func TestListingIsServed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"day.csv", "day.csv.gz"} {
		c := open(t, simulator.Options{Listing: listingFile(t, name, 7, 8, 9), Products: 500})
		require.ElementsMatch(t, []int{7, 8, 9}, c.all().ids())
		require.Equal(t, "2026-05-28T00:00:00.000-0300", c.all().Content[0].Updated, "the listing's own day")
		body := string(c.get("/api/consulta/bulario?filter%5BnumeroRegistro%5D=000000008").body)
		for _, want := range []string{`"nomeProduto":"NOME, COM  8"`, `"razaoSocial":"EMPRESA - LTDA"`, `"data":"2025-12-15T12:34:12.000-0200"`,
			`"numProcesso":"25351000000000008"`, `"expediente":"0000000008"`} {
			require.Contains(t, body, want)
		}
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Listing: listingFile(t, "cut.csv", 1, 2, 99), Claims: listingFile(t, "whole.csv", 1, 2, 3, 4, 5)})
	all := c.all()
	require.ElementsMatch(t, []int{1, 2, 99}, all.ids(), "the listing is what is served")
	require.Equal(t, 5, all.TotalElements, "the claims' rows are what is counted")
	inventory := c.portal.Inventory()
	require.Equal(t, []int{3, 5}, []int{inventory.Total, inventory.Declared})
	for _, category := range inventory.Categories {
		found := c.list(fmt.Sprintf("count=50&filter[categoriasRegulatorias]=%d", category.ID))
		require.Equal(t, category.Declared, found.TotalElements)
		require.Len(t, found.Content, category.Total)
	}
}

func TestListingRowsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                            "no rows",
		listingRow(1) + listingRow(1): "line 3: idProduto 1 appears twice",
		strings.Replace(listingRow(1), "1,", "x,", 1):                        "line 2: idProduto",
		strings.Replace(listingRow(1), "2025-12", "2025-13", 1):              "line 2: data",
		strings.Replace(listingRow(1), "2026-05-28T", "today", 1):            "line 2: dataAtualizacao",
		strings.Replace(listingRow(1), "NOME", "\xff\xfe", 1):                "line 2: nomeProduto",
		strings.Replace(listingRow(1), "EMPRESA - LTDA,", "", 1):             "wrong number of fields",
		strings.Replace(listingRow(1), "LTDA", strings.Repeat("x", 2000), 1): "line 2: razaoSocial",
	}
	for rows, want := range tests {
		path := filepath.Join(t.TempDir(), "bad.csv")
		require.NoError(t, os.WriteFile(path, []byte(listingHeader+rows), 0o600))
		_, err := simulator.New(simulator.Options{Listing: path})
		require.ErrorContains(t, err, want)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}

// shared finds the folder of real data, which is no part of the project.
func shared(t *testing.T, path string) string {
	t.Helper()
	root := os.Getenv("DRUGSLM_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no real data at %s (set DRUGSLM_SHARED)", full)
	}
	return full
}

func TestRealListing(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Listing: shared(t, "data/index/2026-05-28T1739.csv.gz"), Claims: shared(t, "data/index/2026-05-28T1751.csv.gz"),
		Leaflets: shared(t, "data/leaflets")})
	first := c.all()
	require.Equal(t, 8764, first.TotalElements)
	require.Len(t, first.Content, 1000)
	require.Len(t, c.list("count=1000&page=2").Content, 998)
	require.Empty(t, c.list("count=1000&page=3").Content, "the truncated listing ends here")
	inventory := c.portal.Inventory()
	require.Equal(t, []int{1998, 8764}, []int{inventory.Total, inventory.Declared})
	require.InDelta(t, 3384, inventory.Categories[4].Declared, 150, "category 5 has its real share")

	leaflet := c.get(leafletPath(*first.Content[0].Professional))
	require.Equal(t, "%PDF-", string(leaflet.body[:5]))
	require.Greater(t, len(leaflet.body), 100_000)
	want, err := c.portal.Leaflet(first.Content[0].IDProduto, simulator.Professional)
	require.NoError(t, err)
	require.Equal(t, want.Size, len(leaflet.body))
	require.Empty(t, want.Sections, "nothing is known of a real leaflet's text")
}
