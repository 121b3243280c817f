// Package document is what is known of a leaflet's document, whichever source it is from.
//
// [Row] is a document as the tables have it: its text, pages, leaflets, sections, tables and changes. A source's own row type embeds it,
// and so is a [HasDocument]; a row of its catalog is a [HasProduct]. A [Collection] says in which assets a source publishes both. What is
// made of documents (packages corpus, quality and look) is given these, and knows no source.
//
// [Tools.Read] makes the row of a PDF: [Read] gives its pages, those that are images as recognised, and [Find] the leaflets in them.
// [Checks] and [ShareChecks] are what every table of documents is compared with.
//
// What a row says of a product is compared with what the catalog says by [Row.Compare].
package document
