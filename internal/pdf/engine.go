package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// engine is a compiled PDFium that provides a new instance for every document, one at a time.
type engine struct {
	settings settings
	cache    wazero.CompilationCache
	pool     pdfium.Pool
	memory   *memory
	canvas   canvas
	direct   *direct
	untagged bool // the structure of the document is skipped: it broke the sandbox
}

// openEngine compiles PDFium, or loads it from the cache directory. If that cannot be used, as on a full disk, it compiles without it.
func openEngine(ctx context.Context, s settings) (*engine, error) {
	if s.CacheDir == "" {
		return newEngine(ctx, s, wazero.NewCompilationCache())
	}
	cache, err := wazero.NewCompilationCacheWithDir(s.CacheDir)
	var e *engine
	if err == nil {
		e, err = newEngine(ctx, s, cache)
	}
	if err != nil {
		var again error
		if e, again = newEngine(ctx, s, wazero.NewCompilationCache()); again != nil {
			return nil, fmt.Errorf("%w (and without the cache directory: %w)", err, again)
		}
	}
	return e, nil
}

// newEngine compiles PDFium, or loads it from the cache.
func newEngine(ctx context.Context, s settings, cache wazero.CompilationCache) (*engine, error) {
	mem := newMemory(uint64(s.MemoryPages) * pageSize)
	straight := &direct{}
	pool, err := webassembly.Init(webassembly.Config{
		Context:  experimental.WithFunctionListenerFactory(experimental.WithMemoryAllocator(ctx, mem), straight),
		MaxIdle:  1,
		MaxTotal: 1,
		FSConfig: wazero.NewFSConfig(), // nothing mounted; without it go-pdfium mounts the host's root for writing
		Stdout:   io.Discard,           // standard output carries the frames
		Stderr:   io.Discard,
		// PDFium needs exception handling, which wazero does not enable by default. Interruption by context is off: it makes every page 4.6
		// times slower, and the parent can kill this process.
		RuntimeConfig: wazero.NewRuntimeConfig().WithCompilationCache(cache).
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling),
	})
	if err != nil {
		return nil, errors.Join(err, cache.Close(ctx))
	}
	return &engine{settings: s, cache: cache, pool: pool, memory: mem, direct: straight}, nil
}

func (e *engine) close() {
	_ = e.pool.Close() // the process is about to end
	_ = e.cache.Close(context.Background())
}

// instanceWait limits the start of an instance, which takes milliseconds.
const instanceWait = 30 * time.Second

// The reasons why a document cannot be read.
var (
	errNoPages = errors.New("no pages")
	errTooMuch = errors.New("too much")

	errUnreadable = errors.New("damaged: no page can be read")
)

// read answers the request for one document.
func (e *engine) read(wanted request, content []byte) answer {
	e.memory.refused = false
	e.canvas = canvas{left: wanted.Pixels}
	instance, err := e.pool.GetInstance(instanceWait)
	if err != nil {
		return answer{Reason: "no sandbox: " + err.Error(), Spent: true}
	}
	a, err := e.answer(instance, wanted, content)
	_ = instance.Kill() // the sandbox is discarded: a broken one cannot be closed
	if errors.Is(err, errTags) && !e.untagged {
		e.untagged = true
		again := e.read(wanted, content)
		e.untagged, again.Spent = false, true
		return again
	}
	if err != nil {
		a = answer{Reason: e.reason(err), Spent: crashed(err)}
	}
	a.Spent = a.Spent || e.memory.refused
	a.Pixels, a.Full = e.canvas.drawn, e.canvas.full
	return a
}

// answer returns what was requested of a document.
func (e *engine) answer(p pdfium.Pdfium, wanted request, content []byte) (a answer, err error) {
	doc, count, err := e.open(p, content)
	switch {
	case err != nil:
	case wanted.Render != nil:
		o := *wanted.Render
		o.canvas = &e.canvas
		a.Images, err = render(p, doc, count, o)
		if err == nil && e.memory.refused {
			err = errNoRoom // the engine omits what does not fit into memory, without an error
		}
	default:
		a.Document, err = e.document(p, doc, count, wanted.Blind)
		a.Spent = err == nil && e.look(p, doc, &a.Document, wanted.Blind)
	}
	return a, err
}

// open opens a document and counts its pages.
func (e *engine) open(p pdfium.Pdfium, content []byte) (doc references.FPDF_DOCUMENT, count int, err error) {
	opened, err := p.OpenDocument(&requests.OpenDocument{File: &content})
	if err != nil {
		return doc, 0, err
	}
	counted, err := p.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return doc, 0, err
	}
	switch n := counted.PageCount; {
	case n <= 0:
		return doc, 0, errNoPages
	case n > e.settings.MaxPages:
		return doc, 0, fmt.Errorf("%w: %d pages, at most %d", errTooMuch, n, e.settings.MaxPages)
	}
	return opened.Document, counted.PageCount, nil
}

// document reads every page. If blind is set, it draws none, and text that may be invisible stays.
func (e *engine) document(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, count int, blind bool) (Document, error) {
	pages, warnings, err := e.pages(p, doc, count, blind)
	if err != nil {
		return Document{}, err
	}
	return Document{Pages: pages, Version: version(p, doc), Warnings: warnings}, nil
}

// pages reads count pages. A page that PDFium rejects is empty and has a warning, unless all are rejected; a crash or too much text
// ends the document.
func (e *engine) pages(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, count int, blind bool) ([]Page, []string, error) {
	raw := make([]rawPage, count)
	unreadable := make([]bool, count)
	var size int64
	tags := newTagger(e.direct, e.untagged)
	eye := &visibility{p: p, doc: doc, d: e.direct, canvas: &e.canvas, blind: blind}
	for i := range count {
		got, err := readPage(p, doc, i, tags, eye)
		switch {
		case err == nil:
			lower(got.tokens)
			got.tokens = inOrder(got.tokens)
			raw[i] = got
			for _, t := range got.tokens {
				size += int64(len(t.text)) + 1
			}
			for _, d := range got.dropped {
				size += int64(len(d.Text)) + dropBytes
			}
		case crashed(err):
			return nil, nil, fmt.Errorf("page %d: %w", i+1, err)
		default:
			unreadable[i] = true
		}
		if size > e.settings.MaxText {
			return nil, nil, fmt.Errorf("%w: more than %d bytes of text", errTooMuch, e.settings.MaxText)
		}
	}
	if !slices.Contains(unreadable, false) {
		return nil, nil, errUnreadable
	}
	raws := make([]string, count)
	for i, page := range raw {
		raws[i] = page.string()
	}
	texts := clean(raws)
	pages := make([]Page, count)
	for i, text := range texts {
		pages[i] = Page{
			Number: i + 1, Text: text, Words: raw[i].words(), Rules: raw[i].rules, Source: sourceOf(text, raw[i], unreadable[i]),
			Dropped: raw[i].dropped, Letters: raw[i].letters,
		}
	}
	return pages, append(append(warnings(unreadable), doubts(raw)...), dropUnknownLanguage(pages)...), nil
}

// dropBytes is the size of a drop without its text.
const dropBytes = 40

// version returns "1.7" for a file of version 1.7, and "" if the file does not give one.
func version(p pdfium.Pdfium, doc references.FPDF_DOCUMENT) string {
	got, err := p.FPDF_GetFileVersion(&requests.FPDF_GetFileVersion{Document: doc})
	if err != nil || got.FileVersion < 10 || got.FileVersion > 29 {
		return ""
	}
	return fmt.Sprintf("%d.%d", got.FileVersion/10, got.FileVersion%10)
}

// crashed reports whether err is the end of the sandbox (a trap, a panic, memory that was denied), not an orderly rejection of a
// document.
func crashed(err error) bool {
	refusals := []error{
		pdfiumerrors.ErrSuccess, pdfiumerrors.ErrUnknown, pdfiumerrors.ErrFile, pdfiumerrors.ErrFormat,
		pdfiumerrors.ErrPassword, pdfiumerrors.ErrSecurity, pdfiumerrors.ErrPage, pdfiumerrors.ErrUnexpected,
	}
	return !refused(err) && !slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) && !strings.HasPrefix(err.Error(), couldNot)
}

// refused reports whether err is one of our reasons, in the words of a user.
func refused(err error) bool {
	reasons := []error{errNoPages, errTooMuch, errUnreadable, errNoPage, errNoSize, errNoRoom}
	return slices.ContainsFunc(reasons, func(r error) bool { return errors.Is(err, r) })
}

// couldNot begins the errors of go-pdfium about a text page, which have no value to compare with.
const couldNot = "could not "

// reason returns why a document cannot be read, in the words of a user.
func (e *engine) reason(err error) string {
	switch {
	case e.memory.refused:
		return fmt.Sprintf("needs more than %d MiB", e.settings.MemoryPages*pageSize>>20)
	case refused(err):
		return err.Error()
	case errors.Is(err, pdfiumerrors.ErrPassword):
		return "encrypted: needs a password"
	case errors.Is(err, pdfiumerrors.ErrSecurity):
		return "encrypted: in a way that is not known"
	case crashed(err):
		first, _, _ := strings.Cut(err.Error(), "\n") // the rest is a WebAssembly stack
		return "damaged: the engine stopped: " + first
	default:
		return "damaged"
	}
}
