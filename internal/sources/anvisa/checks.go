package anvisa

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/sources/anvisa/client"
)

var (
	registrationPattern = regexp.MustCompile(`^([0-9]{9})?$`)
	cnpjPattern         = regexp.MustCompile(`^[0-9A-Z]{12}[0-9]{2}$`) // with letters for companies founded since July 2026
	sha256Pattern       = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// lostPage is how many products of a category may go at once.
//
// In 98 pairs of complete listings of March to August 2026 the median of products removed in a day is 0, and bursts took
// 8 to 41 of the whole portal's 8,800; the 34 days from 28 May to 1 July took 25 together. A lost page takes 1,000 when
// listed by the page's API and 50 when walked, or all that is there of a category with one page. So 45 lies between the
// largest burst and the smallest full page, whatever else is new that day: new products do not make up for lost ones.
// Of small categories a tenth may go, or two products, so that one of 28 is not held up by one of its own.
//
// The last page of a category that is walked may have fewer than 45 rows, and no count distinguishes its loss from a burst;
// there the warning speaks from eight on. After months without a run more may really be gone: a person accepts it once.
func lostPage() asset.Drop { return asset.Drop{Rows: 45, Share: 0.1, Few: 2} }

// indexChecks: the portal rebuilds its tables every midnight, so data that is days old says that it has stopped.
func indexChecks() []asset.Check[IndexRow] {
	return []asset.Check[IndexRow]{
		asset.Recent("data_atualizacao", func(r IndexRow) time.Time {
			if r.DataAtualizacao == nil {
				return time.Time{}
			}
			return *r.DataAtualizacao
		}, 72*time.Hour),
	}
}

// catalogChecks stop what would lose or mix up products; what is only odd in the portal's own data is a warning.
func catalogChecks() []asset.Check[CatalogRow] {
	return []asset.Check[CatalogRow]{
		{Name: "identified", Blocking: true, Description: "every product has a number and a name", Row: identified},
		asset.MaxDrop[CatalogRow](lostPage()).Block(),
		asset.MaxDrop[CatalogRow](asset.Drop{Rows: 7}).Named("no_burst", "at most 7 products go at once; more was seen a few times in 98 days"),
		registered(),
		asset.Unique("numero_registro", func(r CatalogRow) string { return r.NumeroRegistro }),
		asset.Matches("numero_registro", func(r CatalogRow) string { return r.NumeroRegistro }, registrationPattern),
		asset.Matches("cnpj", func(r CatalogRow) string { return r.CNPJ }, cnpjPattern),
		// RDC 47/2009 began the leaflets of today, and the earliest that is listed is of 2013. A day ahead, for the time zone.
		asset.InPeriod("data", func(r CatalogRow) time.Time { return r.Data }, time.Date(2009, 9, 8, 0, 0, 0, 0, time.UTC), 24*time.Hour),
	}
}

func identified(r CatalogRow) error {
	if r.IDProduto <= 0 || r.NomeProduto == "" {
		return fmt.Errorf("product %d is called %q", r.IDProduto, r.NomeProduto)
	}
	return nil
}

// downloadChecks stop rows that no audit could follow. Many leaflets that go at once are a warning only: the portal's
// "there is none" was believed when it was said twice, and the products themselves are guarded by the catalog.
func downloadChecks() []asset.Check[DownloadRow] {
	return []asset.Check[DownloadRow]{
		asset.References("id_produto", func(r DownloadRow) string { return strconv.FormatInt(r.IDProduto, 10) }, CatalogKey, CatalogRow.ItemID).Block(),
		asset.Matches("sha256", func(r DownloadRow) string { return r.SHA256 }, sha256Pattern).Block(),
		asset.OneOf("audience", func(r DownloadRow) string { return r.Audience }, document.Patient, document.Professional).Block(),
		asset.InRange("bytes", func(r DownloadRow) int64 { return r.Bytes }, 1<<10, client.MaxPDF),
		asset.MaxDrop[DownloadRow](asset.Drop{Rows: 90, Share: 0.1, Few: 4}),
	}
}
