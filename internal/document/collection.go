package document

import "drugslm/internal/asset"

// Collection says where a source publishes its documents, and what is true of all of them. Whatever works with documents of any source
// (corpus, quality, pages to look at) is given collections and knows no source.
type Collection struct {
	Source    string    // its name: "anvisa"
	Documents asset.Key // its rows are each a [HasDocument]; made from the asset that has the file of each item
	Products  asset.Key // its rows are each a [HasProduct], an item for each number of a product; "": there is no catalog

	// Prefix is put before the identities of products and documents where those of all sources come together, such as "ema:".
	// No two collections have the same. It is stored, and so never changed.
	Prefix string

	License string // what is known of the licence of the text
	Origin  string // who published it
}
