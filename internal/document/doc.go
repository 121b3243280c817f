// Package document models the document of a leaflet, independent of its source.
//
// [Row] is a document as stored in tables: its text, pages, leaflets, sections, tables and changes. The row type of a source embeds
// it, and so is a [HasDocument]; a row of its catalog is a [HasProduct]. A [Collection] names the assets in which a source publishes
// both. Packages corpus, quality and view receive these, and know no source.
//
// [Tools.Read] makes the row of a PDF: [Read] returns its pages, with OCR for those that are images, and [Find] the leaflets in them.
// [Checks] and [ShareChecks] apply to every table of documents.
//
// [Row.Compare] compares a row with the catalog row of its product.
package document
