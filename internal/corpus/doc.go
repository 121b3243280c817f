// Package corpus makes a training corpus of leaflets. It says which documents are duplicates, which belong together and so into one
// split, in which language they are, and how much text there is. It writes the corpus as a folder that pandas, DuckDB and the
// datasets library of Hugging Face open, with a card written from the data.
//
// It works in two passes, since all text together does not fit into memory. In the first a [Sketcher] makes a [Sketch] of some 2 kB of
// each [Document]; [Assign] compares the sketches and gives each document its [Place]. In the second each document becomes a
// [Row] with its place.
//
// # Duplicates
//
// Exact duplicates have the same normal form ([Normalize]). Near duplicates share at least four fifths of their shingles of five
// words, estimated from signatures of 256 bins ([Near]). Documents are compared by the sections that tell of the product itself: where
// to keep a medicine and what the law wants said is the same in most leaflets, and would make all short ones alike.
//
// Going from the best document to the worst, each joins the representative that it is most similar to, or becomes one. So a
// cluster has one representative, and a document is a duplicate of what is kept, not of something that was dropped.
//
// # Splits
//
// Documents of one family (product, registration, name, or set of active ingredients without their salts) and near duplicates are one
// group, through as many others as it takes. A group goes into train, validation or test by a hash of its lowest product number.
// A new document moves others only where it joins two groups, or has a lower number than all of its group: then those of the
// group that changed its name may move, and no other.
//
// Everything here is deterministic: the same documents in whatever order give the same bytes. Values are not safe for several
// goroutines unless they say so.
package corpus
