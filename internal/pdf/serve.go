package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// settings is the first frame a child receives.
type settings struct {
	CacheDir    string `json:"cache_dir"`
	MemoryPages uint32 `json:"memory_pages"`
	MaxPages    int    `json:"max_pages"`
	MaxBytes    int64  `json:"max_bytes"`
	MaxText     int64  `json:"max_text"`
}

// maxSettings bounds the first frame and the answer to it.
const maxSettings = 64 << 10

// request is what is wanted of the document that follows it: its text, or images of its pages.
type request struct {
	Render *RenderOptions `json:"render,omitempty"` // nil: the text
	Blind  bool           `json:"blind,omitempty"`  // no page is drawn to look for ink
	Pixels int64          `json:"pixels,omitempty"` // that may be drawn; 0: any number
}

// maxRequest bounds a request: the numbers of pages are the only list in it.
const maxRequest = 64 << 10

// answer is what a child sends: once when its engine is ready, then once for every document. A frame with the PNG of
// each of its images follows it.
type answer struct {
	Document Document `json:"document"`
	Images   []Image  `json:"images,omitempty"`
	Pixels   int64    `json:"pixels,omitempty"` // that were drawn
	Full     int      `json:"full,omitempty"`   // the page for which there were not enough; 0: there were
	Reason   string   `json:"reason,omitempty"` // why the document cannot be read; "" if it can
	Spent    bool     `json:"spent,omitempty"`  // this child has seen enough: use another one
}

// Serve is the life of a child: it takes its settings and then one document after the other from in, and answers each
// on out, until in ends; then it returns nil. Messages are frames (four bytes of length, big endian, then that many
// bytes): JSON settings, then for each document a JSON request and PDF bytes, and back a JSON answer and PNG bytes for
// each image in it. Nothing else may write to out. It is meant to have a process to itself: a document can exhaust it,
// and a running one is not interrupted by ctx but by a signal that kills.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var s settings
	if err := readJSON(in, maxSettings, &s); err != nil {
		return fmt.Errorf("receive settings: %w", err)
	}
	e, err := openEngine(ctx, s)
	if err != nil {
		return fmt.Errorf("open PDF engine: %w", err)
	}
	defer e.close()
	if err := writeJSON(out, answer{}); err != nil {
		return fmt.Errorf("say ready: %w", err)
	}
	for ctx.Err() == nil {
		wanted, content, err := receive(in, s.MaxBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receive document: %w", err)
		}
		if err := send(out, e.read(wanted, content)); err != nil {
			return fmt.Errorf("send answer: %w", err)
		}
	}
	return ctx.Err()
}

// receive takes a request and its document. The end of in before the first byte is io.EOF.
func receive(in io.Reader, limit int64) (request, []byte, error) {
	var wanted request
	if err := readJSON(in, maxRequest, &wanted); err != nil {
		return wanted, nil, err
	}
	content, err := readFrame(in, limit)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return wanted, content, err
}

// send writes an answer and the images that belong to it.
func send(out io.Writer, a answer) error {
	if err := writeJSON(out, a); err != nil {
		return err
	}
	for _, image := range a.Images {
		if err := writeFrame(out, image.PNG); err != nil {
			return err
		}
	}
	return nil
}
