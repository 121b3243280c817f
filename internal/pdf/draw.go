package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// The reasons why a page cannot be drawn.
var (
	errNoPage = errors.New("no such page")
	errNoSize = errors.New("a page without a size")
	errNoRoom = errors.New("no room for an image")
)

// drawing is a page in the sandbox's memory.
type drawing struct {
	bitmap        references.FPDF_BITMAP
	pixels        []byte // a view, not a copy: one byte per pixel in gray, four (red, green, blue, unused) in colour
	stride        int    // bytes per line
	width, height int
	full          image.Rectangle // the part of the page that is drawn: the upper left corner of the page is (0, 0)
	dpi           float64
	color         bool
}

// render draws the requested pages of a document with count pages.
func render(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, count int, o RenderOptions) ([]Image, error) {
	pages := o.Pages
	if pages == nil {
		if count > o.MaxPages {
			return nil, fmt.Errorf("%w: %d pages, at most %d in a call", errTooMuch, count, o.MaxPages)
		}
		for n := range count {
			pages = append(pages, n+1)
		}
	}
	if last := slices.Max(pages); last > count {
		return nil, fmt.Errorf("%w: %d, the document has %d", errNoPage, last, count)
	}
	images := make([]Image, 0, len(pages))
	var size int64
	for _, n := range pages {
		drawn, err := draw(p, doc, n-1, o)
		if err != nil {
			return nil, err
		}
		content, err := drawn.png()
		drawn.destroy(p)
		if err != nil {
			return nil, err
		}
		if size += int64(len(content)); size > o.MaxBytes {
			return nil, fmt.Errorf("%w: more than %d bytes of images", errTooMuch, o.MaxBytes)
		}
		images = append(images, Image{Number: n, Width: drawn.width, Height: drawn.height, DPI: drawn.dpi, PNG: content})
	}
	return images, nil
}

// draw draws page i on white paper.
func draw(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, i int, o RenderOptions) (drawing, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}
	if o.page != nil {
		page = *o.page
	}
	points, err := p.GetPageSize(&requests.GetPageSize{Page: page})
	if err != nil {
		return drawing{}, err
	}
	d := drawing{color: o.Color}
	if err := d.fit(points.Width, points.Height, o); err != nil {
		return drawing{}, err
	}
	if o.part != nil {
		d.cut(o.part(d.full.Dx(), d.full.Dy()))
	}
	if err := o.canvas.take(int64(d.width)*int64(d.height), i+1); err != nil {
		return drawing{}, err
	}
	format, flags := enums.FPDF_BITMAP_FORMAT_GRAY, enums.FPDF_RENDER_FLAG_ANNOT|enums.FPDF_RENDER_FLAG_GRAYSCALE
	if o.Color {
		format, flags = enums.FPDF_BITMAP_FORMAT_BGRX, enums.FPDF_RENDER_FLAG_ANNOT|enums.FPDF_RENDER_FLAG_REVERSE_BYTE_ORDER
	}
	made, err := p.FPDFBitmap_CreateEx(&requests.FPDFBitmap_CreateEx{Width: d.width, Height: d.height, Format: format, Pointer: uint64(0)})
	if err != nil {
		return drawing{}, err
	}
	d.bitmap = made.Bitmap
	return d, d.paint(p, page, flags)
}

// fit converts a page size in points to pixels.
func (d *drawing) fit(width, height float64, o RenderOptions) error {
	if !(width > 0 && height > 0) || math.IsInf(width*height, 0) {
		return errNoSize
	}
	scale := min(o.DPI/pointsAnInch, math.Sqrt(float64(o.MaxPixels)/(width*height)), maxSide/max(width, height))
	d.width, d.height, d.dpi = max(1, int(width*scale)), max(1, int(height*scale)), scale*pointsAnInch
	d.full = image.Rect(0, 0, d.width, d.height)
	return nil
}

// cut reduces the drawing to a part of the page, in pixels from its upper left corner.
func (d *drawing) cut(part image.Rectangle) {
	part = part.Intersect(d.full)
	if part.Empty() {
		part = image.Rect(0, 0, 1, 1)
	}
	d.width, d.height, d.full = part.Dx(), part.Dy(), d.full.Sub(part.Min)
}

const pointsAnInch = 72

// paint draws into the bitmap and locates its pixels.
func (d *drawing) paint(p pdfium.Pdfium, page requests.Page, flags enums.FPDF_RENDER_FLAG) error {
	if _, err := p.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: d.bitmap, Width: d.width, Height: d.height, Color: 0xffffffff}); err != nil {
		return err
	}
	if _, err := p.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{
		Bitmap: d.bitmap, Page: page, StartX: d.full.Min.X, StartY: d.full.Min.Y, SizeX: d.full.Dx(), SizeY: d.full.Dy(), Flags: flags,
	}); err != nil {
		return err
	}
	stride, err := p.FPDFBitmap_GetStride(&requests.FPDFBitmap_GetStride{Bitmap: d.bitmap})
	if err != nil {
		return err
	}
	buffer, err := p.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: d.bitmap})
	if err != nil {
		return err
	}
	d.stride, d.pixels = stride.Stride, buffer.Buffer
	if d.stride < d.width || len(d.pixels) < d.stride*d.height { // the engine returns no bitmap if memory does not suffice
		return errNoRoom
	}
	return nil
}

// destroy frees the memory. If that fails, the sandbox is discarded soon.
func (d drawing) destroy(p pdfium.Pdfium) {
	if d.bitmap != "" {
		_, _ = p.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: d.bitmap})
	}
}

// png encodes the drawing, fast rather than small.
func (d drawing) png() ([]byte, error) {
	var of image.Image = &image.Gray{Pix: d.pixels, Stride: d.stride, Rect: image.Rect(0, 0, d.width, d.height)}
	if d.color {
		for i := 3; i < len(d.pixels); i += 4 {
			d.pixels[i] = 0xff // the fourth byte is undefined; an opaque image has one channel less
		}
		of = &image.RGBA{Pix: d.pixels, Stride: d.stride, Rect: image.Rect(0, 0, d.width, d.height)}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err := encoder.Encode(&b, of)
	return b.Bytes(), err
}

// ink reports whether a gray drawing shows more than paper.
func (d drawing) ink() bool {
	var levels [256]int
	for y := range d.height {
		for _, level := range d.pixels[y*d.stride : y*d.stride+d.width] {
			levels[level]++
		}
	}
	paper := 0
	for level, n := range levels {
		if n > levels[paper] {
			paper = level
		}
	}
	inked := 0
	for level, n := range levels {
		if level <= paper-inkLevels || level >= paper+inkLevels {
			inked += n
		}
	}
	return inked >= inkPixels
}
