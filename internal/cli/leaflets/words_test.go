package leaflets_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/pdf"
)

// maxDifference is the share of the words of a file that may be lost, and that may be extra.
const maxDifference = 0.001

// measured is what the yardstick says of a file.
type measured struct {
	file      string
	words     int     // that pdftotext reads
	lost      []aWord // which are neither in our text nor listed as dropped
	extra     []aWord // ours, and not theirs
	misplaced int     // on another page than there
	told      int     // on pages of which we say that they are unreadable: they are not compared
	refused   string  // why we read nothing of it
	dumb      string  // why pdftotext reads nothing of it: there is no yardstick
}

// beyond reports whether too much is lost, extra or misplaced.
func (m measured) beyond() bool { return m.dumb == "" && m.worst() > maxDifference*float64(m.words) }

func (m measured) worst() float64 { return float64(max(len(m.lost), len(m.extra), m.misplaced)) }

func (m measured) share() float64 { return m.worst() / max(1, float64(m.words)) }

// percent is of the words that pdftotext reads.
func (m measured) percent(n int) string {
	return fmt.Sprintf("%.2f %%", 100*float64(n)/max(1, float64(m.words)))
}

// String says what is wrong with the file, with words to look for.
func (m measured) String() string {
	var b strings.Builder
	if m.dumb != "" {
		return fmt.Sprintf("%s: no yardstick: %s", m.file, m.dumb)
	}
	fmt.Fprintf(&b, "%s: %d words, %d lost (%s), %d extra (%s), %d misplaced", m.file, m.words,
		len(m.lost), m.percent(len(m.lost)), len(m.extra), m.percent(len(m.extra)), m.misplaced)
	if m.told > 0 {
		fmt.Fprintf(&b, ", %d on pages said to be unreadable", m.told)
	}
	if m.refused != "" {
		fmt.Fprintf(&b, "\n    refused: %s", m.refused)
		return b.String()
	}
	for _, side := range []struct {
		name  string
		words []aWord
	}{{"lost", m.lost}, {"extra", m.extra}} {
		if len(side.words) > 0 {
			fmt.Fprintf(&b, "\n    %s:", side.name)
		}
		for _, w := range side.words[:min(len(side.words), 24)] {
			fmt.Fprintf(&b, " %s(%d)", w.text, w.page)
		}
	}
	return b.String()
}

// pdftotext is the other program, "" where it is missing.
func pdftotext() string {
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		return ""
	}
	return program
}

// measure holds our reading of a file against that of pdftotext.
func measure(ctx context.Context, reader *pdf.Extractor, program, path string) (measured, error) {
	m := measured{file: filepath.Base(path)}
	var text, complaints bytes.Buffer
	other := exec.CommandContext(ctx, program, "-raw", "-enc", "UTF-8", path, "-")
	other.Stdout, other.Stderr = &text, &complaints
	if err := other.Run(); err != nil {
		if ctx.Err() != nil {
			return m, ctx.Err()
		}
		m.dumb = cmp.Or(strings.TrimSpace(complaints.String()), err.Error())
		return m, nil
	}
	var theirs []aWord
	pages := strings.Split(text.String(), "\f")
	for i, page := range pages {
		theirs = append(theirs, wordsOf(page, i+1)...)
	}
	if m.words = len(theirs); m.words == 0 {
		m.dumb = "no words"
		return m, nil
	}
	view, err := leaflets.ParseFile(ctx, reader, nil, path)
	if err != nil {
		if ctx.Err() != nil {
			return m, ctx.Err()
		}
		m.lost, m.refused = theirs, err.Error()
		return m, nil
	}
	theirs = slices.DeleteFunc(theirs, func(w aWord) bool { return unreadablePage(view, w.page) })
	m.told = m.words - len(theirs)
	ours := wordsOf(view.Text, 0)
	for _, d := range view.Dropped {
		if !unreadablePage(view, d.Page) {
			ours = append(ours, wordsOf(d.Text, d.Page)...)
		}
	}
	d := compare(theirs, ours)
	m.lost, m.extra = d.lost, visible(d.extra, view.Dropped)
	ourPages, err := wordsOfPages(ctx, reader, path, view.Dropped)
	if err != nil {
		return m, err
	}
	m.misplaced = max(0, lostOnPages(theirs, ourPages, len(pages))-len(m.lost))
	return m, nil
}

// unreadablePage reports whether the file's view says of a page that nobody can read it.
func unreadablePage(v api.LeafletFile, page int) bool {
	return slices.ContainsFunc(v.Sources, func(s api.PageSource) bool { return s.Page == page && s.Source == pdf.SourceUnreadable })
}

// visible is what of the extra words is in the text, or is said to be on the pages: what nobody sees is left out of the text, and
// pdftotext prints some of it (white on white) and some not (outside of the page).
func visible(extra []aWord, dropped []api.DroppedLine) []aWord {
	hidden := map[string]int{}
	for _, d := range dropped {
		if d.Reason == "invisible" {
			count(hidden, wordsOf(d.Text, d.Page), 1)
		}
	}
	return slices.DeleteFunc(extra, func(w aWord) bool {
		hidden[w.text]--
		return hidden[w.text] >= 0
	})
}

// wordsOfPages are the words of each page as the engine gives them. What it dropped itself is listed, and counts.
func wordsOfPages(ctx context.Context, reader *pdf.Extractor, path string, dropped []api.DroppedLine) ([]aWord, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := reader.Extract(ctx, content)
	if err != nil {
		return nil, err
	}
	var words []aWord
	for _, page := range doc.Pages {
		words = append(words, wordsOf(page.Text, page.Number)...)
		for _, d := range dropped {
			if d.Page == page.Number && d.Reason != "running_head" { // which is in the text of its page
				words = append(words, wordsOf(d.Text, d.Page)...)
			}
		}
	}
	return words, nil
}

// lostOnPages counts what is lost when each page is compared alone.
func lostOnPages(theirs, ours []aWord, pages int) (n int) {
	for page := 1; page <= pages; page++ {
		on := func(words []aWord) (of []aWord) {
			for _, w := range words {
				if w.page == page {
					of = append(of, w)
				}
			}
			return of
		}
		n += len(compare(on(theirs), on(ours)).lost)
	}
	return n
}

// measureAll measures files, the worst first.
func measureAll(ctx context.Context, tb testing.TB, program string, files []string) []measured {
	tb.Helper()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(tb, err)
	defer func() { require.NoError(tb, reader.Close(context.WithoutCancel(ctx))) }()
	all := make([]measured, len(files))
	for i, path := range files {
		all[i], err = measure(ctx, reader, program, path)
		require.NoError(tb, err, path)
	}
	slices.SortStableFunc(all, func(a, b measured) int { return cmp.Compare(b.share(), a.share()) })
	return all
}

// pdfsUnder are all PDFs in a folder and its folders.
func pdfsUnder(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.EqualFold(filepath.Ext(path), ".pdf") {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// givenFiles are the leaflets and cases in the folder of test data.
func givenFiles(tb testing.TB) []string {
	tb.Helper()
	shared := cmp.Or(os.Getenv("DRUGSLM_SHARED"), filepath.Join("..", "..", "..", "..", "shared"))
	var files []string
	for _, folder := range []string{"leaflets", "cases"} {
		found, err := pdfsUnder(filepath.Join(shared, "data", folder))
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(tb, err)
		}
		files = append(files, found...)
	}
	return files
}

// needPdftotext skips a test where the other program is missing.
func needPdftotext(t *testing.T) string {
	t.Helper()
	program := pdftotext()
	if program == "" {
		t.Skip("no pdftotext: make optional installs it (package poppler-utils)")
	}
	return program
}

// TestWordsOfGivenFiles holds the given leaflets and cases, each of them, against pdftotext.
func TestWordsOfGivenFiles(t *testing.T) {
	t.Parallel()
	program := needPdftotext(t)
	files := givenFiles(t)
	if len(files) == 0 {
		t.Skip("no real leaflets: set DRUGSLM_SHARED to the folder of test data")
	}
	for _, m := range measureAll(t.Context(), t, program, files) {
		require.False(t, m.beyond(), "%s", m)
	}
}

// printedLeaflet is a leaflet of several pages with running heads, lists, broken words and two columns of numbers.
func printedLeaflet(t *testing.T) string {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.SetHeaderFunc(func() {
		f.SetFont("Helvetica", "I", 8)
		f.Text(20, 10, latin("Zelutina_comprimido_VPS_02"))
	})
	f.SetFooterFunc(func() {
		f.SetFont("Helvetica", "", 8)
		f.Text(100, 290, latin(fmt.Sprintf("Página %d de 6", f.PageNo())))
	})
	for i := range 6 {
		f.AddPage()
		f.SetY(20)
		f.SetFont("Times", "B", 11)
		f.MultiCell(0, 6, latin([]string{"1. INDICAÇÕES", "2. RESULTADOS DE EFICÁCIA", "3. CARACTERÍSTICAS FARMACOLÓGICAS", "4. CONTRAINDICAÇÕES",
			"5. ADVERTÊNCIAS E PRECAUÇÕES", "6. INTERAÇÕES MEDICAMENTOSAS"}[i]), "", "L", false)
		f.SetFont("Times", "", 10)
		f.MultiCell(90, 5, latin(strings.Repeat("A dose é de 0,5 mg/kg a cada 8-12 horas, não mais que 1.000 mg – salvo orientação médi-\nca; "+
			"o cirurgião-\ndentista deve ser avisado (ver “Advertências”).\n• náusea;\n• vômito;\n- dor de cabeça.\n", 4)), "", "L", false)
		for row := range 5 {
			f.Text(20, 250+5*float64(row), latin("Tontura"))
			f.Text(80, 250+5*float64(row), latin(fmt.Sprintf("%d,%d %%", row, i)))
			f.Text(120, 250+5*float64(row), latin("comum"))
		}
	}
	file := filepath.Join(t.TempDir(), "printed.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	return file
}

// TestWordsOfPrintedFiles holds files that are printed here against pdftotext: wherever the tests run, some are measured.
func TestWordsOfPrintedFiles(t *testing.T) {
	t.Parallel()
	program := needPdftotext(t)
	files := []string{printedLeaflet(t), clitest.Printed(t, clitest.TwoTitles, "4. CONTRAINDICAÇÕES\nNão use em caso de alergia.")}
	for _, table := range printedTables() {
		files = append(files, table.print(t))
	}
	for _, m := range measureAll(t.Context(), t, program, files) {
		require.False(t, m.beyond(), "%s", m)
		require.Empty(t, m.dumb, m.file)
		require.NotZero(t, m.words, m.file)
	}
}

// BenchmarkWords measures the files of DRUGSLM_WORDS, or those that are given, prints the worst first, and fails if more is
// lost, extra or misplaced in any of them than there may be.
func BenchmarkWords(b *testing.B) {
	program := pdftotext()
	if program == "" {
		b.Skip("no pdftotext: make optional installs it (package poppler-utils)")
	}
	files := givenFiles(b)
	if dir := os.Getenv("DRUGSLM_WORDS"); dir != "" {
		var err error
		files, err = pdfsUnder(dir)
		require.NoError(b, err)
	}
	if len(files) == 0 {
		b.Skip("no files: set DIR to a folder of PDFs")
	}
	if testing.Short() {
		files = files[:1]
	}
	for b.Loop() {
		all := measureAll(b.Context(), b, program, files)
		var words, lost, extra, misplaced, told, beyond, dumb int
		for _, m := range all {
			if m.dumb != "" {
				dumb++
			}
			if m.beyond() {
				beyond++
			}
			if m.worst() > 0 || m.dumb != "" || m.told > 0 {
				fmt.Fprintln(os.Stdout, m) // a log of a benchmark is cut off after ten lines
			}
			words, lost, extra, misplaced, told = words+m.words, lost+len(m.lost), extra+len(m.extra), misplaced+m.misplaced, told+m.told
		}
		fmt.Fprintf(os.Stdout, "%d files, %d within %.1f %%, %d beyond, %d without a yardstick; of %d words %d lost, %d extra, %d misplaced, %d on pages said to be unreadable\n",
			len(all), len(all)-beyond-dumb, 100*maxDifference, beyond, dumb, words, lost, extra, misplaced, told)
		if beyond > 0 {
			b.Errorf("%d of %d files are beyond the limit", beyond, len(all))
		}
	}
}
