// Package pdf reads the text of untrusted PDF files.
//
// [Extractor.Extract] passes the bytes to PDFium, compiled to WebAssembly and run by wazero in child processes. The sandbox has no
// access to files or the network and a bounded memory, and a child that takes too long is killed. Each document gets a new sandbox, so
// that no data of one document reaches the next.
//
// An [Extractor] is safe for concurrent use; it reads at most Options.Workers documents at a time, and further calls wait. Call
// [Extractor.Close] after [Open]. The child is a program that calls [Serve] on its standard input and output and does nothing else; by
// default it is this executable with the argument "pdf-serve".
//
// The first document on a machine waits some four seconds of CPU until the engine is compiled; the result (21 MB) is kept in
// Options.CacheDir, and later children start in a tenth of a second. Without a private directory for it each child compiles the
// engine. One core then reads about 200 pages a second.
//
// A file that cannot be read is a [fault.Corrupt] error with its reason: "empty", "not a PDF", "truncated", "damaged", "encrypted:
// needs a password", "no pages", "took longer than 1m0s", "needs more than 256 MiB" and the like. Without an error text may still be
// missing: PDFium skips what is damaged, and a scan has no text. Page.Source says for every page whether its text is complete, whether
// it is blank, or whether it needs OCR; Document.Warnings lists glyphs without meaning.
//
// All work on one document is charged to one [Budget], if [WithBudget] set one. A document that needs more is a [fault.Corrupt] error
// with [ErrBudget] in its chain.
//
// [Extractor.Render] draws pages, in the same sandbox and under the same limits: for OCR, or for a person. [Extractor.Hand] runs other
// work on untrusted text in a child, outside the sandbox but where it can be killed. The program that calls [Serve] defines that work.
//
// Invisible text, text printed over itself, and letters of a wrong font map are not in the text of a page: Page.Dropped lists them. In
// doubtful cases they stay.
//
// Text is in the order of the file, which is usually the reading order. An exception are two columns of prose that are printed line by
// line, left and right in turn: they are separated. Ligatures become letters, bullets of symbol fonts "•", and private characters of
// the font Symbol its signs, such as "≥".
package pdf

import (
	"bytes"

	"drugslm/internal/fault"
)

// Page is the text of one page.
type Page struct {
	Number int    `json:"number"` // from 1
	Text   string `json:"text"`   // NFC, lines end in \n, words broken at a line's end are joined; "" for none
	Words  []Word `json:"words"`  // of Text in its order, with their positions; JSON has a compact form
	Rules  []Box  `json:"rules"`  // lines drawn across the page (wider than high) or down it; none unless words are side by side

	Source     Source  `json:"source"`     // of Text
	Confidence float64 `json:"confidence"` // of the OCR, from 0 to 1, where Source is SourceOCR; else 0

	Dropped []Drop `json:"dropped"` // what the file prints on the page and Text omits, one for each occurrence
	Letters int    `json:"letters"` // letters and digits that the file prints, including dropped and recognised ones
}

// Document is the content of one file.
type Document struct {
	Pages    []Page   `json:"pages"`              // all of them, in order; at least one
	Version  string   `json:"version,omitempty"`  // of the PDF format: "1.7"; "" if the file does not give it
	Warnings []string `json:"warnings,omitempty"` // doubts, in English: "page 3: blank"
}

const op = "read PDF" // the operation in the errors of this package

// Limits for the header and the end marker. ISO 32000 requires the header in the first line and the end marker in the last; like
// Adobe's readers, this package accepts both within 1024 bytes.
const (
	headWindow = 1024
	tailWindow = 1024
)

// Check reports quickly whether content can be a complete PDF: it is not empty, "%PDF-" is in its first 1024 bytes and "%%EOF" in its
// last 1024, not counting blanks and zero bytes at the end. An error is a [fault.Corrupt] that ends in "empty", "not a PDF" or
// "truncated". A downloader calls it before it stores a file; Extract calls it first.
func Check(content []byte) error {
	if len(content) == 0 {
		return fault.New(fault.Corrupt, op, "empty")
	}
	if !bytes.Contains(content[:min(len(content), headWindow)], []byte("%PDF-")) {
		return fault.New(fault.Corrupt, op, "not a PDF")
	}
	tail := bytes.TrimRight(content, "\x00\t\n\f\r ")
	if !bytes.Contains(tail[max(0, len(tail)-tailWindow):], []byte("%%EOF")) {
		return fault.New(fault.Corrupt, op, "truncated")
	}
	return nil
}
