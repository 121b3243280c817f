// Package ocr reads the text in images of pages, by Tesseract.
//
// [New] makes a [Tesseract]; it starts nothing and looks for nothing. [Tesseract.Recognize] runs the program for one
// image: without a shell, with the image on its standard input, in a process group of its own that is killed when the
// time is up, with an environment of three variables, one thread, a bounded address space, a bounded output, and no
// right to write a file. An image may come from anybody.
//
// Tesseract need not be there. A caller that needs it gets a [fault.Invalid] that says what to install: the program (Debian and
// Ubuntu: package tesseract-ocr) or the language (tesseract-ocr-por). Once it is found its version is not asked again;
// until then it is looked for each time, so that what is installed later is found without a restart.
//
// What is recognised is what Tesseract thinks it sees. Page.Confidence says how sure it is, and nothing says whether it
// is right: a table's cells may come column by column. A page that is hardly recognised is looked at once more, for it may
// lie upside down, where Tesseract has its data for that (package tesseract-ocr-osd, which comes with the program).
//
// A Tesseract is safe from several goroutines; at most Options.Workers images are read at a time, the others wait.
package ocr

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"time"

	"drugslm/internal/fault"
)

// Options says how images are read. The zero value of every field means its default.
type Options struct {
	Program  string        // its name on PATH, or its path; default: "tesseract"
	Language string        // of its data, joined by "+" where there are several; default: "por"
	Workers  int           // images at a time, each in a process of one thread; default: the cores of this machine
	Timeout  time.Duration // for one image, all tries together; default: 2 minutes (a page of text at 300 DPI takes some two seconds)
	Memory   uint64        // address space of a process, in bytes; default: 1 GiB (a page at 300 DPI takes less than 500 MB)
	MaxText  int64         // what it may write for one image, in bytes; default: 8 MiB (a full page takes 50 KB)
}

// Box is where something stands on the page, in points (1/72 inch) from the upper left corner: X0 is left of X1 and Y0
// above Y1.
type Box struct{ X0, Y0, X1, Y1 float32 }

// Word is what was recognised between two blanks.
type Word struct {
	Text       string
	Line       int // of Page.Lines, from 0
	Box        Box
	Confidence float64 // from 0 to 1
}

// Page is what was recognised in an image.
type Page struct {
	Lines      []string // in the order of reading, words with one blank between them; none where nothing was recognised
	Words      []Word   // of Lines, in their order
	Confidence float64  // mean of the words' confidences, each counted by its characters; 0 without words
}

const op = "recognise text"

// Tesseract runs the program. [New] makes one.
type Tesseract struct {
	options Options
	slots   chan struct{} // one a worker

	mu    sync.Mutex
	found installation // the zero value until it is found
}

// languages is what Tesseract takes for its option -l, but for paths.
var languages = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\+[A-Za-z][A-Za-z0-9_]*)*$`)

// New checks o and fills in its defaults. A mistake is a [fault.Invalid]; that the program is not there is none yet.
func New(o Options) (*Tesseract, error) {
	o.Program = cmp.Or(o.Program, "tesseract")
	o.Language = cmp.Or(o.Language, "por")
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	o.Memory = cmp.Or(o.Memory, 1<<30)
	o.MaxText = cmp.Or(o.MaxText, 8<<20)
	const op = "set up Tesseract"
	switch {
	case !languages.MatchString(o.Language):
		return nil, fault.New(fault.Invalid, op, "language %q: must be one such as por, or several such as por+eng", o.Language)
	case min(o.Workers, 0) < 0 || min(o.MaxText, int64(o.Timeout)) < 0:
		return nil, fault.New(fault.Invalid, op, "negative limit")
	}
	return &Tesseract{options: o, slots: make(chan struct{}, o.Workers)}, nil
}

// Recognize reads the text in a PNG image with so many pixels an inch. A program or a language that is not there is
// [fault.Invalid], with what to install; one that cannot be started is [fault.Unavailable]; an image over which it takes
// too long, dies twice, or writes what it should not is [fault.Corrupt]. When ctx ends, the process is killed and ctx's
// error returned.
func (t *Tesseract) Recognize(ctx context.Context, png []byte, dpi float64) (Page, error) {
	if !(dpi > 0) {
		return Page{}, fault.New(fault.Invalid, op, "%g DPI: must be more than 0", dpi)
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return Page{}, fmt.Errorf("%s: wait for a worker: %w", op, ctx.Err())
	}
	program, err := t.detect(ctx)
	if err != nil {
		return Page{}, err
	}
	until := time.Now().Add(t.options.Timeout)
	page, err := t.read(ctx, program, png, dpi, segmented, until)
	if err != nil || !program.turns || len(page.Words) == 0 || page.Confidence >= doubtful {
		return page, err
	}
	turned, err := t.read(ctx, program, png, dpi, upright, until)
	if ctx.Err() == nil && (err != nil || turned.Confidence <= page.Confidence) {
		return page, nil // it was no worse as it was
	}
	return turned, err
}

// How Tesseract is to look at an image.
const (
	segmented = "3" // find blocks, columns and lines
	upright   = "1" // and first which way is up: a tenth slower, and wrong at times where there is little text
)

// doubtful is a confidence below which a page may lie upside down: such a page was at 0.17, and 32 pages of real
// leaflets at 0.62 or more. One on its side is read as it is.
const doubtful = 0.5

// What Tesseract believes of pixels an inch; it only guides its guess at the size of letters.
const minDPI, maxDPI = 70, 2400

// read runs the program for an image, once as a rule.
func (t *Tesseract) read(ctx context.Context, program installation, png []byte, dpi float64, segmentation string, until time.Time) (Page, error) {
	r := run{program: program.path, input: png, timeout: t.options.Timeout, until: until, memory: t.options.Memory, limit: t.options.MaxText, args: []string{
		"stdin", "stdout", "-l", t.options.Language, "--dpi", strconv.Itoa(max(minDPI, min(maxDPI, int(dpi)))), "--psm", segmentation,
		"-c", "tessedit_create_tsv=1",
	}}
	out, err := r.twice(ctx)
	if err != nil {
		return Page{}, err
	}
	page, err := parse(out, dpi)
	return page, fault.Wrap(fault.Corrupt, op, err)
}

// Version is that of the program, such as "5.3.0". Its errors are those of Recognize.
func (t *Tesseract) Version(ctx context.Context) (string, error) {
	found, err := t.detect(ctx)
	return found.version, err
}
