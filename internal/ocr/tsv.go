package ocr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Columns of Tesseract's table: the level of a row, its block, paragraph and line, its box in pixels, the confidence from 0 to 100,
// and its text.
const (
	colLevel  = 0
	colBlock  = 2
	colLine   = 4
	colLeft   = 6
	colConf   = 10
	colText   = 11
	columns   = 12
	levelPage = "1"
	levelWord = "5"
)

const tsvHead = "level\tpage_num\t"

var errTable = errors.New("not the table that Tesseract writes")

// parse reads the table of one page, from an image of the given resolution.
func parse(out []byte, dpi float64) (Page, error) {
	if !utf8.Valid(out) {
		return Page{}, fmt.Errorf("%w: not UTF-8", errTable)
	}
	head, rows, ok := strings.Cut(string(out), "\n")
	if !ok || !strings.HasPrefix(head, tsvHead) {
		return Page{}, fmt.Errorf("%w: it has no head", errTable)
	}
	var page Page
	var weight, sum float64
	var sheet Box
	line, of := -1, ""
	for row := range strings.Lines(rows) {
		fields := strings.SplitN(strings.TrimRight(row, "\r\n"), "\t", columns)
		if fields[colLevel] != levelWord && fields[colLevel] != levelPage {
			continue
		}
		if len(fields) < columns {
			return Page{}, fmt.Errorf("%w: a word with %d columns", errTable, len(fields))
		}
		if fields[colLevel] == levelPage {
			var err error
			if sheet, err = parseBox(fields, pointsAnInch/dpi); err != nil {
				return Page{}, err
			}
			continue
		}
		word, err := parseWord(fields, pointsAnInch/dpi)
		if err != nil {
			return Page{}, err
		}
		if word.Text == "" {
			continue // a speck
		}
		if key := strings.Join(fields[colBlock:colLine+1], "\t"); line < 0 || key != of {
			line, of = line+1, key
			page.Lines = append(page.Lines, word.Text)
		} else {
			page.Lines[line] += " " + word.Text
		}
		word.Line = line
		page.Words = append(page.Words, word)
		n := float64(utf8.RuneCountInString(word.Text))
		weight, sum = weight+n, sum+n*word.Confidence
	}
	if weight > 0 {
		page.Confidence = sum / weight
	}
	if upward(page.Words) {
		turn(page.Words, sheet)
	}
	return page, nil
}

// upward reports whether most lines are above the one before: the page is upside down.
func upward(words []Word) bool {
	up, down := 0, 0
	for i := 1; i < len(words); i++ {
		switch a, b := words[i-1], words[i]; {
		case a.Line == b.Line:
		case b.Box.Y1 < a.Box.Y0:
			up++
		case b.Box.Y0 > a.Box.Y1:
			down++
		}
	}
	return up > down
}

// turn converts positions to those of the displayed page. The program reads a page that is upside down, but reports positions in the
// image.
func turn(words []Word, sheet Box) {
	right, bottom := sheet.X0+sheet.X1, sheet.Y0+sheet.Y1
	for i, w := range words {
		words[i].Box = Box{right - w.Box.X1, bottom - w.Box.Y1, right - w.Box.X0, bottom - w.Box.Y0}
	}
}

const pointsAnInch = 72

// parseWord reads a row.
func parseWord(fields []string, scale float64) (Word, error) {
	confidence, err := strconv.ParseFloat(fields[colConf], 64)
	if err != nil || confidence != confidence {
		return Word{}, fmt.Errorf("%w: confidence %.20q", errTable, fields[colConf])
	}
	box, err := parseBox(fields, scale)
	if err != nil {
		return Word{}, err
	}
	return Word{
		Text:       strings.Map(printable, strings.TrimSpace(fields[colText])),
		Confidence: max(0, min(1, confidence/100)),
		Box:        box,
	}, nil
}

// parseBox reads the box of a row.
func parseBox(fields []string, scale float64) (Box, error) {
	var box [4]float64 // left, top, width, height
	for i := range box {
		n, err := strconv.Atoi(fields[colLeft+i])
		if err != nil || n < -maxPixel || n > maxPixel {
			return Box{}, fmt.Errorf("%w: place %.20q", errTable, fields[colLeft+i])
		}
		box[i] = float64(n) * scale
	}
	return Box{float32(box[0]), float32(box[1]), float32(box[0] + box[2]), float32(box[1] + box[3])}, nil
}

// maxPixel is beyond the sides of any image that Tesseract takes.
const maxPixel = 1 << 16

// printable drops what does not belong into a word.
func printable(r rune) rune {
	if unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar {
		return -1
	}
	return r
}
