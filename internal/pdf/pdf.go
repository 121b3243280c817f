// Package pdf reads the text of PDF files that nobody vouches for.
//
// [Extractor.Extract] hands the bytes to PDFium, compiled to WebAssembly and run by wazero inside child processes: the
// sandbox sees no file, no network and a bounded memory, and a child that takes too long is killed. Every document gets
// a sandbox of its own, so that nothing of one document reaches the next.
//
// An [Extractor] is safe from several goroutines; at most Options.Workers documents are read at a time, the others wait.
// Whoever calls [Open] must call [Extractor.Close]. The child is a program that calls [Serve] on its standard input and
// output and does nothing else; by default it is this executable with the argument "pdf-serve".
//
// The first document on a machine waits some four seconds of CPU until the engine is compiled; the result (21 MB) is
// kept in Options.CacheDir, and later children start in a tenth of a second. Where there is no private place for it each
// child compiles the engine. One core then reads about 200 pages a second.
//
// A file that cannot be read is a [fault.Corrupt] error with its reason: "empty", "not a PDF", "truncated", "damaged",
// "encrypted: needs a password", "no pages", "took longer than 1m0s", "needs more than 256 MiB" and the like. No error
// does not mean all the text: PDFium passes over what is damaged, and a scan has no text at all. Page.Source says of every
// page whether its text is all, whether it is blank, or whether it shows what only a recogniser can read;
// Document.Warnings says where glyphs have no meaning.
//
// What is done with one document takes from one [Budget], if it was given one by [WithBudget]: a document that needs more
// is a [fault.Corrupt] error with [ErrBudget] in its chain.
//
// [Extractor.Render] draws pages, in the same sandbox and under the same limits: for a recogniser, or for a person.
// [Extractor.Hand] has a child do other work on text that nobody vouches for, outside of the sandbox but where it can be killed: what
// that work is the program says that calls [Serve].
//
// What nobody can see on a page, what is printed over itself, and letters of a wrong font map are not in its text: Page.Dropped
// lists them. In doubt they stay.
//
// Text is in the order of the file, which is that of reading but for two columns of prose that are printed line by line,
// left and right in turn: these are taken apart. Ligatures are letters again, bullets of symbol fonts are "•",
// and private characters of the font Symbol are its signs, as "≥".
package pdf

import (
	"bytes"

	"drugslm/internal/fault"
)

// Page is the text of one page.
type Page struct {
	Number int    `json:"number"` // from 1
	Text   string `json:"text"`   // NFC, lines end in \n, words broken at a line's end are mended; "" where there is none
	Words  []Word `json:"words"`  // of Text in its order, with their places; JSON has them in short
	Rules  []Box  `json:"rules"`  // lines drawn across the page (wider than high) or down it; none where words do not stand side by side

	Source     Source  `json:"source"`     // of Text
	Confidence float64 `json:"confidence"` // of the recogniser, from 0 to 1, where Source is SourceOCR; else 0

	Dropped []Drop `json:"dropped"` // what the file prints on the page and Text leaves out, one for each occurrence
	Letters int    `json:"letters"` // letters and digits that the file prints, counted before anything is dropped; with those that were recognised
}

// Document is what was read of one file.
type Document struct {
	Pages    []Page   `json:"pages"`              // all of them, in order; at least one
	Version  string   `json:"version,omitempty"`  // of the PDF format: "1.7"; "" where the file does not say
	Warnings []string `json:"warnings,omitempty"` // what a reader should doubt, in English: "page 3: blank"
}

const op = "read PDF" // the operation in every error of this package

// The places where a PDF must say what it is. Readers are lenient by the same measure: ISO 32000 asks for the header
// in the first line and for the end marker in the last, Adobe's readers accept both within 1024 bytes.
const (
	headWindow = 1024
	tailWindow = 1024
)

// Check tells at a glance whether content can be a whole PDF: it is not empty, "%PDF-" is in its first 1024 bytes and
// "%%EOF" in its last 1024, blanks and zero bytes at the very end aside. An error is a [fault.Corrupt] that ends in
// "empty", "not a PDF" or "truncated". A downloader calls it before it stores a file; Extract calls it first.
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
