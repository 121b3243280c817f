package leaflets

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/host"
	"drugslm/internal/pdf"
	"drugslm/internal/quality"
	"drugslm/internal/view"
)

// maxViewed is how many pages are in a file at most: at 110 DPI one takes some 0.2 MB.
const maxViewed = 25

// viewQuery is what `items view` and `leaflet view` are asked for.
type viewQuery struct {
	out   string
	pages string
	dpi   float64
}

func (q *viewQuery) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&q.out, "out", "", `the file to write; "-": the standard output (default: named after the item, in the current folder)`)
	command.Paths(cmd.Flags(), "out")
	cmd.Flags().StringVar(&q.pages, "page", "", "the pages to show, as 7 or 5..9 (default: from the first)")
	cmd.Flags().Float64Var(&q.dpi, "dpi", 110, "how fine the pages are drawn, in dots an inch: 40 to 300")
}

// check refuses what cannot work, all of it at once.
func (q *viewQuery) check() error {
	var wrong []string
	if _, _, err := q.span(); err != nil {
		wrong = append(wrong, err.Error())
	}
	if !(q.dpi >= 40 && q.dpi <= 300) {
		wrong = append(wrong, fmt.Sprintf("--dpi is %g: want 40 to 300", q.dpi))
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "", "%s", strings.Join(wrong, "; "))
	}
	return nil
}

// span reads --page; last is 0 where it is not given.
func (q *viewQuery) span() (first, last int, err error) {
	if q.pages == "" {
		return 1, 0, nil
	}
	from, to, ranged := strings.Cut(q.pages, "..")
	if !ranged {
		to = from
	}
	first, err = strconv.Atoi(from)
	if err == nil {
		last, err = strconv.Atoi(to)
	}
	switch {
	case err != nil || first < 1 || last < first:
		return 0, 0, fmt.Errorf("--page is %q: want a page or a range of pages, as 7 or 5..9", q.pages)
	case last-first >= maxViewed:
		return 0, 0, fmt.Errorf("--page %s are %d pages: at most %d are in a file", q.pages, last-first+1, maxViewed)
	}
	return first, last, nil
}

// drawPages draws the pages that are asked for, as far as that can be done. Only what was asked wrongly, and an
// interruption, is an error: the rest is told in the subject.
func drawPages(ctx context.Context, q viewQuery, s *view.Subject, content []byte) (err error) {
	if s.Row != nil {
		s.Pages = len(s.Row.Pages)
	}
	first, last, err := q.span()
	if err != nil {
		return err
	}
	if s.Pages > 0 && first > s.Pages {
		return fault.New(fault.Invalid, "", "--page %s: %s has %d pages", q.pages, s.Item, s.Pages)
	}
	s.First, s.Last = first, cmp.Or(last, first+maxViewed-1)
	if s.Pages > 0 {
		s.Last = min(s.Last, s.Pages)
	}
	if len(content) > 0 {
		if err := q.draw(ctx, s, content); err != nil {
			return err
		}
	}
	s.Rest = otherPages(*s)
	return nil
}

// draw draws the pages of the subject.
func (q viewQuery) draw(ctx context.Context, s *view.Subject, content []byte) (err error) {
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, reader.Close(context.WithoutCancel(ctx))) }()
	var undrawn []string
	for number := s.First; number <= s.Last; number++ {
		images, err := reader.Render(ctx, content, pdf.RenderOptions{Pages: []int{number}, DPI: q.dpi, MaxPixels: 6_000_000})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && s.Pages == 0: // nobody knows how many there are: this may be the end
			if number == s.First {
				s.Undrawn = err.Error()
			}
			s.Last = number - 1
			return nil
		case err != nil:
			undrawn = append(undrawn, fmt.Sprintf("page %d: %v", number, err))
			continue
		}
		s.Pictures = append(s.Pictures, picture(images[0]))
	}
	s.Undrawn = strings.Join(undrawn, "\n")
	return nil
}

// picture is a drawn page in the form that is smaller; JPEG only where it is much smaller, as of a photograph.
func picture(drawn pdf.Image) view.Picture {
	p := view.Picture{Number: drawn.Number, Width: drawn.Width, Height: drawn.Height, Type: "image/png", Data: drawn.PNG}
	image, err := png.Decode(bytes.NewReader(drawn.PNG))
	if err != nil {
		return p
	}
	var lossy bytes.Buffer
	if err := jpeg.Encode(&lossy, image, &jpeg.Options{Quality: 80}); err == nil && lossy.Len() < len(drawn.PNG)*6/10 {
		p.Type, p.Data = "image/jpeg", lossy.Bytes()
	}
	return p
}

// otherPages is the command that shows what is not in the file; "" where all is.
func otherPages(s view.Subject) string {
	switch {
	case s.Pages == 0 || s.First <= 1 && s.Last >= s.Pages:
		return ""
	case s.Last < s.Pages:
		return fmt.Sprintf("%s%d..%d", s.Rest, s.Last+1, min(s.Pages, s.Last+maxViewed))
	default:
		return fmt.Sprintf("%s1..%d", s.Rest, min(s.First-1, maxViewed))
	}
}

// fileName is a name for a file that every system takes.
func fileName(item string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, item), "-.")
	const longest = 100
	return cmp.Or(name[:min(len(name), longest)], "item") + ".html"
}

func newLeafletView(a *command.App) *cobra.Command {
	var q viewQuery
	cmd := &cobra.Command{
		Use:   "view FILE.pdf",
		Short: "Show a PDF page by page: the picture of each page beside the text that was read of it",
		Long: `Read a PDF the whole way, without ledger or server, and write one HTML file in which a person sees it page by page: the
picture of each page beside the text that was read of it, with the sections marked and the tables as tables. The file loads
nothing and runs nothing. "starter items view" does the same for a leaflet of the corpus, with what the catalog says.`,
		Example: `  starter leaflet view bula.pdf
  starter leaflet view bula.pdf --page 3..5 --out pages.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := q.check(); err != nil {
				return err
			}
			c, err := a.Config(cmd)
			if err != nil {
				return err
			}
			return viewFile(cmd.Context(), a, c, q, args[0])
		},
	}
	q.register(cmd)
	return cmd
}

// viewFile shows a file. One that cannot be read is shown as far as it can be drawn, and is an error all the same.
func viewFile(ctx context.Context, a *command.App, c config.Config, q viewQuery, path string) error {
	content, err := file.Read(path, maxLeaflet)
	if err != nil {
		return err
	}
	s := view.Subject{Item: path[strings.LastIndexAny(path, `/\`)+1:], Rest: "starter leaflet view " + path + " --page ", Now: time.Now()}
	row, unread := readDocument(ctx, c, content)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if unread == nil {
		measured := quality.Measure("", row, nil, nil)
		s.Row, s.Quality = &row, &measured
	} else {
		s.Reason = unread.Error()
	}
	if err := writeView(ctx, a, q, s, content); err != nil {
		return err
	}
	if unread != nil {
		return fmt.Errorf("%s: %w", path, unread)
	}
	return nil
}

// readDocument reads a document as `leaflet parse` does: pages that are images are recognised.
func readDocument(ctx context.Context, c config.Config, content []byte) (row document.Row, err error) {
	ctx = pdf.WithBudget(ctx, host.DocumentLimits(c))
	scans, err := host.Recognizer(c)
	if err != nil {
		return row, err
	}
	reader, err := pdf.Open(host.ReaderOptions(c, 1))
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, reader.Close(context.WithoutCancel(ctx))) }()
	read, err := document.Read(ctx, reader, scans, content)
	if err != nil {
		return row, err
	}
	found, err := document.Find(ctx, reader, read)
	if err != nil {
		return row, err
	}
	return document.RowOf(read, found), nil
}
