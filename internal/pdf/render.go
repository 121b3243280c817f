package pdf

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"io"

	"github.com/klippa-app/go-pdfium/requests"

	"drugslm/internal/fault"
)

// RenderOptions configures the drawing of pages. Zero fields have defaults.
type RenderOptions struct {
	Pages     []int   `json:"pages,omitempty"` // their numbers, from 1, in the requested order; default: all
	DPI       float64 `json:"dpi"`             // pixels per inch, 10 to 1,200; default: 150
	Color     bool    `json:"color,omitempty"` // default: gray, which needs a quarter of the memory
	MaxPixels int     `json:"max_pixels"`      // of one page; default: 25 million (A4 at 300 DPI has 8.7). A larger page is drawn at a lower DPI
	MaxPages  int     `json:"max_pages"`       // of one call, at most 1,000; default: 50
	MaxBytes  int64   `json:"max_bytes"`       // of all images together; default: 128 MiB

	canvas *canvas                                 // of the document; nil: no limit
	page   *requests.Page                          // the changed page; nil: the page of the file
	part   func(width, height int) image.Rectangle // the part to draw of a page of so many pixels; nil: all of it
}

// Image is a drawn page.
type Image struct {
	Number int     `json:"number"` // of the page, from 1
	Width  int     `json:"width"`  // pixels
	Height int     `json:"height"`
	DPI    float64 `json:"dpi"` // as drawn: lower than requested if the page exceeds MaxPixels
	PNG    []byte  `json:"-"`   // on white paper, as displayed, with its annotations
}

// Limits of the options.
const (
	minDPI, maxDPI = 10, 1200
	maxRendered    = 1000
	maxSide        = 32767 // pixels: the limit of image readers with 16 bits, such as Tesseract's
)

// Render draws pages of content, in the sandbox and under the limits of [Extractor.Extract], and with its errors. If a page cannot be
// drawn, the whole call fails with a [fault.Corrupt] error, "damaged" or "needs more than 256 MiB"; so it does for a page number that
// the document lacks and for images of more than MaxBytes. Options that cannot work are [fault.Invalid].
func (e *Extractor) Render(ctx context.Context, content []byte, o RenderOptions) ([]Image, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := e.ask(ctx, request{Render: &o}, content)
	return a.Images, err
}

// withDefaults replaces zero values, and rejects options that cannot work.
func (o RenderOptions) withDefaults() (RenderOptions, error) {
	o.DPI = cmp.Or(o.DPI, 150)
	o.MaxPixels = cmp.Or(o.MaxPixels, 25_000_000)
	o.MaxPages = cmp.Or(o.MaxPages, 50)
	o.MaxBytes = cmp.Or(o.MaxBytes, 128<<20)
	const op = "draw PDF"
	switch {
	case !(o.DPI >= minDPI && o.DPI <= maxDPI):
		return o, fault.New(fault.Invalid, op, "%g DPI: must be %d to %d", o.DPI, minDPI, maxDPI)
	case o.MaxPixels < 1 || o.MaxBytes < 1 || o.MaxBytes > maxFrame:
		return o, fault.New(fault.Invalid, op, "at most %d pixels and %d bytes: must be at least 1, and %d bytes at most", o.MaxPixels, o.MaxBytes, int64(maxFrame))
	case o.MaxPages < 1 || o.MaxPages > maxRendered:
		return o, fault.New(fault.Invalid, op, "at most %d pages: must be 1 to %d", o.MaxPages, maxRendered)
	case len(o.Pages) > o.MaxPages:
		return o, fault.New(fault.Invalid, op, "%d pages, at most %d in a call", len(o.Pages), o.MaxPages)
	}
	for _, n := range o.Pages {
		if n < 1 {
			return o, fault.New(fault.Invalid, op, "page %d: they are counted from 1", n)
		}
	}
	return o, nil
}

// images receives the PNGs of an answer.
func (r request) images(from io.Reader, images []Image) error {
	if r.Render == nil && len(images) > 0 || r.Render != nil && len(images) > r.Render.MaxPages {
		return fmt.Errorf("%d images that nobody asked for: %w", len(images), errFrame)
	}
	var size int64
	for i := range images {
		png, err := readFrame(from, r.Render.MaxBytes-size)
		if err != nil {
			return fmt.Errorf("receive image %d: %w", i+1, err)
		}
		images[i].PNG = png
		size += int64(len(png))
	}
	return nil
}
