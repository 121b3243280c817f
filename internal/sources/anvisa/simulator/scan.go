package simulator

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// A scan: A4 at 200 dots an inch.
const (
	scanDPI    = 200
	scanWidth  = 1654
	scanHeight = 2339
	scanMargin = 130
	scanSize   = 9.5 // points
	scanLine   = 37  // dots
)

// scan draws lines of text as a scanner sees them: pages without a character.
type scan struct {
	face  font.Face
	pages []*image.Paletted
	y     int
}

func newScan() (*scan, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: scanSize, DPI: scanDPI, Hinting: font.HintingFull})
	return &scan{face: face, y: scanHeight}, err
}

// write sets a paragraph, its lines broken where they are full.
func (s *scan) write(text string) {
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if font.MeasureString(s.face, longer).Ceil() > scanWidth-2*scanMargin && line != "" {
			s.print(line)
			longer = word
		}
		line = longer
	}
	s.print(line)
}

func (s *scan) print(line string) {
	if s.y += scanLine; s.y > scanHeight-scanMargin {
		s.pages = append(s.pages, image.NewPaletted(image.Rect(0, 0, scanWidth, scanHeight), grays()))
		s.y = scanMargin
	}
	d := font.Drawer{Dst: s.pages[len(s.pages)-1], Src: image.Black, Face: s.face, Dot: fixed.P(scanMargin, s.y)}
	d.DrawString(line)
}

// grays are few, so that a page takes some 40 kB. The first is the paper's.
func grays() color.Palette {
	var p color.Palette
	for level := 15; level >= 0; level-- {
		p = append(p, color.Gray{Y: uint8(level * 17)})
	}
	return p
}

// section writes a section as it is typeset, but for its tables.
func (s *scan) section(part Section) {
	s.y += scanLine / 2
	s.write(part.Heading)
	for _, text := range part.Paragraphs {
		s.write(text)
	}
}

// images puts the pages into a PDF, each on a page of its own without head and foot.
func (t typesetter) images(s *scan) error {
	t.pdf.SetHeaderFunc(nil)
	t.pdf.SetFooterFunc(nil)
	for i, page := range s.pages {
		var out bytes.Buffer
		if err := png.Encode(&out, page); err != nil {
			return err
		}
		name := fmt.Sprint("scan ", i)
		t.pdf.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, &out)
		t.pdf.AddPage()
		t.pdf.ImageOptions(name, 0, 0, 210, 297, false, fpdf.ImageOptions{}, 0, "")
	}
	return nil
}
