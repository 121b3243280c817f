// Package ocr reads the text in images of pages with Tesseract.
//
// [New] makes a [Tesseract]; it starts nothing and searches for nothing. [Tesseract.Recognize] runs the program for one image: without
// a shell, with the image on its standard input, in a process group that is killed when the time is up, with an environment of three
// variables, one thread, a bounded address space, a bounded output, and no right to write a file. Images are untrusted.
//
// Tesseract need not be installed. A caller that needs it gets a [fault.Invalid] that names what to install: the program (Debian and
// Ubuntu: package tesseract-ocr) or the language (tesseract-ocr-por). Once found, its version is not read again; until then each call
// searches for it, so that a later installation is found without a restart.
//
// The result is what Tesseract recognises. Page.Confidence is its own estimate, and nothing says whether it is correct: the cells of a
// table may come column by column. A page with low confidence is tried once more, because it may be upside down, if Tesseract has its
// data for that (package tesseract-ocr-osd, which comes with the program).
//
// A Tesseract is safe for concurrent use; it reads at most Options.Workers images at a time, and further calls wait.
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

// Options configures a [Tesseract]. Zero fields have defaults.
type Options struct {
	Program  string        // its name on PATH, or its path; default: "tesseract"
	Language string        // of its data, several joined by "+"; default: "por"
	Workers  int           // images at a time, each in a process of one thread; default: the cores of this machine
	Timeout  time.Duration // for one image, all tries together; default: 2 minutes (a page of text at 300 DPI takes some two seconds)
	Memory   uint64        // address space of a process, in bytes; default: 1 GiB (a page at 300 DPI takes less than 500 MB)
	MaxText  int64         // its largest output for one image, in bytes; default: 8 MiB (a full page takes 50 KB)
}

// Box is a rectangle on the page, in points (1/72 inch) from the upper left corner: X0 is left of X1 and Y0 above Y1.
type Box struct{ X0, Y0, X1, Y1 float32 }

// Word is a recognised word.
type Word struct {
	Text       string
	Line       int // index in Page.Lines
	Box        Box
	Confidence float64 // from 0 to 1
}

// Page is the text recognised in an image.
type Page struct {
	Lines      []string // in reading order, words separated by one blank; none if nothing was recognised
	Words      []Word   // of Lines, in order
	Confidence float64  // mean confidence of the words, weighted by characters; 0 without words
}

const op = "recognise text"

// Tesseract runs the program. [New] makes one.
type Tesseract struct {
	options Options
	slots   chan struct{} // one for each worker

	mu    sync.Mutex
	found installation // zero until it is found
}

// languages matches the argument of Tesseract's option -l, without paths.
var languages = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\+[A-Za-z][A-Za-z0-9_]*)*$`)

// New checks o and sets defaults. A mistake is a [fault.Invalid]; a missing program is not an error yet.
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

// Recognize reads the text in a PNG image of the given resolution in pixels per inch. A missing program or language is
// [fault.Invalid], with what to install; a program that cannot be started is [fault.Unavailable]; an image on which it takes too long,
// dies twice, or writes invalid output is [fault.Corrupt]. When ctx ends, the process is killed and the error of ctx returned.
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
		return page, nil // the first result was no worse
	}
	return turned, err
}

// Page segmentation modes of Tesseract.
const (
	segmented = "3" // find blocks, columns and lines
	upright   = "1" // and first detect orientation: a tenth slower, and sometimes wrong where there is little text
)

// doubtful is the confidence below which a page may be upside down: such a page had 0.17, and 32 pages of real leaflets at least 0.62.
// A page on its side is read as it is.
const doubtful = 0.5

// The resolutions that Tesseract accepts, in pixels per inch; they only guide its estimate of letter size.
const minDPI, maxDPI = 70, 2400

// read runs the program for an image, usually once.
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

// Version returns the version of the program, such as "5.3.0". Its errors are those of Recognize.
func (t *Tesseract) Version(ctx context.Context) (string, error) {
	found, err := t.detect(ctx)
	return found.version, err
}
