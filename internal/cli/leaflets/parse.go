// Package leaflets has the verbs that read leaflets from their files.
package leaflets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/host"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// New is the verb `leaflet`.
func New(a *command.App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "leaflet", Short: "Read leaflets by hand, from files", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLeafletParse(a))
	cmd.AddCommand(newLeafletView(a))
	return cmd
}

func newLeafletParse(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "parse FILE.pdf...",
		Short: "Read PDFs the whole way, from bytes to sections, without ledger or server",
		Long: `Read PDFs the whole way and print the leaflets in them with their sections by RDC 47/2009.

What is not found is said with its reason: a section is never an empty text that looks like success. Of one file the
JSON is one object, {"leaflets": [...], "pages": N, "warnings": [...]}; of several it is {"files": [...]} of such objects.
Pages that are images are recognised by Tesseract where it is installed (packages tesseract-ocr and tesseract-ocr-por):
"sources" says of each page whether its text is the file's own (text), what its form fields show (form), an invisible text over a scan (ocr_layer), recognised (ocr, with its confidence), needs_ocr,
blank or unreadable. A file of images alone is an error that begins with needs_ocr where Tesseract is not there.
"words" says of each page how many of its words are in sections, outside of sections, and dropped; "outside" where in the text the second are,
and "dropped" what the last are, each time they are printed: a running head, or what is printed over itself, invisible or of no known language.
"start" and "end" count characters of "text", the text of the file: in Python, text[start:end] is the section with its title.
A file that cannot be read is told on standard error, the others are printed all the same, and the exit code is 1.`,
		Example: `  starter leaflet parse bula.pdf
  starter leaflet parse bula.pdf -o json | jq '.leaflets[].sections[] | {id, title, pages}'
  starter leaflet parse bula.pdf -o json | jq -r '.leaflets[].sections[] | select(.number == 9) | .markdown'
  starter leaflet parse *.pdf -o json > leaflets.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			c, err := a.Config(cmd)
			if err != nil {
				return err
			}
			return parseLeaflets(cmd.Context(), a, c, files)
		},
	}
}

// parseLeaflets prints what is in files, and returns what went wrong with any.
func parseLeaflets(ctx context.Context, a *command.App, c config.Config, files []string) (err error) {
	scans, err := host.Recognizer(c)
	if err != nil {
		return err
	}
	reader, err := pdf.Open(host.ReaderOptions(c, 1))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, reader.Close(context.WithoutCancel(ctx))) }()
	views := make([]api.LeafletFile, len(files))
	var failed []error
	for i, path := range files {
		view, err := ParseFile(pdf.WithBudget(ctx, host.DocumentLimits(c)), reader, scans, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
			view.Error = err.Error()
			failed = append(failed, err)
		}
		views[i] = view
	}
	var all any = api.LeafletFileList{Files: views}
	if len(views) == 1 {
		all = views[0]
	}
	if len(failed) < len(files) || a.JSON() {
		if err := a.Show(all, func(w io.Writer) error { return printFiles(w, views) }); err != nil {
			return err
		}
	}
	if len(files) > 1 { // the others were read: whatever is wrong with one, it is no mistake in the command
		return fault.Wrap(fault.Corrupt, "", errors.Join(failed...))
	}
	return errors.Join(failed...)
}

// maxLeaflet bounds a file in bytes; pdf.Options.MaxBytes says the same.
const maxLeaflet = 64 << 20

// ParseFile reads one file.
func ParseFile(ctx context.Context, reader *pdf.Extractor, scans document.Recognizer, path string) (api.LeafletFile, error) {
	view := api.LeafletFile{
		File: path, Leaflets: []api.Leaflet{}, Sources: []api.PageSource{}, Words: []api.PageWords{}, Outside: []api.OutsideText{}, Dropped: []api.DroppedLine{}, Warnings: []string{},
	}
	content, err := file.Read(path, maxLeaflet)
	if err != nil {
		return view, err
	}
	read, err := document.Read(ctx, reader, scans, content)
	view.Pages = len(read.Pages)
	view.Warnings = append(view.Warnings, read.Warnings...)
	for _, page := range read.Pages {
		view.Sources = append(view.Sources, api.PageSource{Page: page.Number, Source: page.Source, Confidence: page.Confidence})
	}
	if err != nil {
		return view, err
	}
	found, err := document.Find(ctx, reader, read)
	if err != nil {
		return view, err
	}
	view.Kind, view.Reason, view.Text = found.Kind, found.Reason, found.Text
	view.Warnings = append(view.Warnings, found.Warnings...)
	addWords(&view, found)
	for _, l := range found.Leaflets {
		view.Leaflets = append(view.Leaflets, api.LeafletOf(l))
	}
	return view, nil
}

// addWords takes over where the words of the file went.
func addWords(v *api.LeafletFile, f leaflet.File) {
	for i, w := range f.Words {
		v.Words = append(v.Words, api.PageWords{Page: i + 1, Words: w.Page, Sections: w.Sections, Outside: w.Outside, Dropped: w.Dropped})
	}
	for _, s := range f.Outside {
		v.Outside = append(v.Outside, api.OutsideText(s))
	}
	for _, d := range f.Dropped {
		v.Dropped = append(v.Dropped, api.DroppedLine(d))
	}
}

// wordTotals sums the counts of all pages.
func wordTotals(v api.LeafletFile) (all api.PageWords) {
	for _, w := range v.Words {
		all.Words, all.Sections, all.Outside, all.Dropped = all.Words+w.Words, all.Sections+w.Sections, all.Outside+w.Outside, all.Dropped+w.Dropped
	}
	return all
}

// printFiles prints what was found, each section under a line that says what it is.
func printFiles(w io.Writer, files []api.LeafletFile) error {
	for _, f := range files {
		if f.Error != "" {
			continue // on standard error
		}
		words := wordTotals(f)
		output.Writef(w, "%s: %s, %d pages, %d leaflets\n", f.File, f.Kind, f.Pages, len(f.Leaflets))
		output.Writef(w, "  words: %d on the pages, %d in sections, %d outside of sections, %d dropped\n", words.Words, words.Sections, words.Outside, words.Dropped)
		if f.Kind != leaflet.KindLeaflet {
			output.Writef(w, "  no leaflet: %s\n\n%s\n", f.Reason, output.Prose(f.Text))
		}
		for _, warning := range f.Warnings {
			output.Writef(w, "  warning: %s\n", warning)
		}
		for i, l := range f.Leaflets {
			printLeaflet(w, i+1, l)
		}
	}
	return nil
}

func printLeaflet(w io.Writer, n int, l api.Leaflet) {
	output.Writef(w, "\n=== leaflet %d, %s, pages %d to %d\n", n, l.Audience, l.Pages[0], l.Pages[1])
	for _, warning := range l.Warnings {
		output.Writef(w, "  warning: %s\n", warning)
	}
	for _, m := range l.Missing {
		output.Writef(w, "  missing: %s (%s): %s\n", m.ID, m.Title, m.Reason)
	}
	for _, s := range l.Sections {
		if s.Reason != "" {
			output.Writef(w, "\n  confidence %.2f: %s", s.Confidence, s.Reason)
		}
		output.Writef(w, "\n--- %s, pages %d to %d: %s\n%s\n", s.ID, s.Pages[0], s.Pages[1], s.Title, output.Prose(cmp.Or(s.Markdown, s.Text)))
	}
}
