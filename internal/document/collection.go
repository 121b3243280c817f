package document

import "drugslm/internal/asset"

// Collection describes the documents that a source publishes. Packages that work with documents of any source (corpus, quality, view)
// receive collections and know no source.
type Collection struct {
	Source    string    // its name: "anvisa"
	Documents asset.Key // each row is a [HasDocument]; made from the asset that has the file of each item
	Products  asset.Key // each row is a [HasProduct], one item for each product number; "": there is no catalog

	// Prefix distinguishes the ids of products and documents where those of all sources are combined, such as "ema:". No two collections
	// may share it. It is stored, so it must never change.
	Prefix string

	License string // what is known about the licence of the text
	Origin  string // the publisher
}
