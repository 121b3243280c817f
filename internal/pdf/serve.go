package pdf

import (
	"cmp"
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

// request is what is wanted of the document that follows it: its text, or images of its pages; or a message follows instead.
type request struct {
	Render *RenderOptions `json:"render,omitempty"` // nil: the text
	Blind  bool           `json:"blind,omitempty"`  // no page is drawn to look for ink
	Pixels int64          `json:"pixels,omitempty"` // that may be drawn; 0: any number
	Handle bool           `json:"handle,omitempty"` // what follows is a message, for the Handler

	doing string // the operation in errors; "": op
}

// maxRequest bounds a request: the numbers of pages are the only list in it.
const maxRequest = 64 << 10

// operation is what an error says that was being done.
func (r request) operation() string { return cmp.Or(r.doing, op) }

// answer is what a child sends: once when its engine is ready, then once for every document or message. A frame with the PNG of
// each of its images follows it, or one with what the Handler made of the message.
type answer struct {
	Document Document `json:"document"`
	Images   []Image  `json:"images,omitempty"`
	Pixels   int64    `json:"pixels,omitempty"` // that were drawn
	Full     int      `json:"full,omitempty"`   // the page for which there were not enough; 0: there were
	Reason   string   `json:"reason,omitempty"` // why the document cannot be read; "" if it can
	Spent    bool     `json:"spent,omitempty"`  // this child has seen enough: use another one
	Handled  bool     `json:"handled,omitempty"`

	made []byte // of the message
}

// Serve is the life of a child: it takes its settings and then one document after the other from in, and answers each
// on out, until in ends; then it returns nil. Messages are frames (four bytes of length, big endian, then that many
// bytes): JSON settings, then for each document a JSON request and PDF bytes, and back a JSON answer and PNG bytes for
// each image in it. In the place of a document there may be a message, and handle makes what is sent back of it: other work on
// foreign text, under the same limits. Nothing else may write to out. It is meant to have a process to itself: a document can
// exhaust it, and a running one is not interrupted by ctx but by a signal that kills.
func Serve(ctx context.Context, in io.Reader, out io.Writer, handle Handler) error {
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
		wanted, content, err := receive(in, max(s.MaxBytes, answerLimit(s.MaxText, s.MaxPages)))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receive document: %w", err)
		}
		var a answer
		if wanted.Handle {
			a = handle.answer(content, s)
		} else {
			a = e.read(wanted, content)
		}
		if err := send(out, a); err != nil {
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
	if a.Handled {
		return writeFrame(out, a.made)
	}
	return nil
}
