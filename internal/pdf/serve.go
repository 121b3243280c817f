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

// maxSettings limits the first frame and the answer to it.
const maxSettings = 64 << 10

// request asks for the text of the document that follows it, or for images of its pages; or a message follows instead.
type request struct {
	Render *RenderOptions `json:"render,omitempty"` // nil: the text
	Blind  bool           `json:"blind,omitempty"`  // no page is drawn to find ink
	Pixels int64          `json:"pixels,omitempty"` // limit of pixels to draw; 0: none
	Handle bool           `json:"handle,omitempty"` // a message for the Handler follows

	doing string // the operation in errors; "": op
}

// maxRequest limits a request. The page numbers are its only list.
const maxRequest = 64 << 10

// operation returns the operation that an error names.
func (r request) operation() string { return cmp.Or(r.doing, op) }

// answer is sent by a child once when its engine is ready, and then for every document or message. A frame with the PNG of each image
// follows it, or one with the answer of the Handler.
type answer struct {
	Document Document `json:"document"`
	Images   []Image  `json:"images,omitempty"`
	Pixels   int64    `json:"pixels,omitempty"` // that were drawn
	Full     int      `json:"full,omitempty"`   // the page for which pixels did not suffice; 0: they sufficed
	Reason   string   `json:"reason,omitempty"` // why the document cannot be read; "" if it can
	Spent    bool     `json:"spent,omitempty"`  // this child has read enough documents: use another one
	Handled  bool     `json:"handled,omitempty"`

	made []byte // of the message
}

// Serve runs a child. It receives its settings and then documents one after the other from in, and answers each on out, until in ends;
// then it returns nil. Messages are frames (four bytes of length, big endian, then that many bytes): JSON settings, then for each
// document a JSON request and PDF bytes, and back a JSON answer and PNG bytes for each image in it. Instead of a document a message
// may follow the request, and handle makes the answer: other work on untrusted text, under the same limits. Nothing else may write to
// out. Run Serve in a process of its own: a document can exhaust it, and ctx does not interrupt a running document, only a signal that
// kills does.
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

// receive reads a request and its document. The end of in before the first byte is io.EOF.
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

// send writes an answer and its images.
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
