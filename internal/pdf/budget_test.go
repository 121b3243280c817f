package pdf

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// slow is a small file of so many pages that are dear to draw: each is painted over and over with a pattern of patterns of
// transparent shapes. At 72 DPI one takes most of a minute.
// Before them come pages with other content.
func slow(pages int, others ...string) []byte {
	var kids []string
	content := strings.Repeat("/Pattern cs /P scn 0 0 600 800 re f\n", 40)
	objects := []string{"<</Type /Catalog /Pages 2 0 R>>", "",
		streamOf("", content),
		streamOf("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 60 60] /XStep 7 /YStep 7 /Resources <</Pattern <</P 5 0 R>>>>", "/Pattern cs /P scn 0 0 60 60 re f"),
		streamOf("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 1 /YStep 1 /Resources <</ExtGState <</G <</ca 0.1 /BM /Luminosity>>>>>>", "/G gs 0.9 0.2 0.1 rg 0 0 9 9 re f 1 1 m 8 3 l 2 7 l s"),
	}
	for _, other := range others {
		objects = append(objects, streamOf("", other), fmt.Sprintf("<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources <</Font <</F %s>>>>>>",
			len(objects)+1, "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"))
		kids = append(kids, fmt.Sprintf("%d 0 R", len(objects)))
	}
	for range pages {
		objects = append(objects, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<</Pattern<</P 4 0 R>>>>>>")
		kids = append(kids, fmt.Sprintf("%d 0 R", len(objects)))
	}
	objects[1] = fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d>>", strings.Join(kids, " "), len(kids))
	return raw(objects...)
}

func streamOf(dictionary, content string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dictionary, len(content), content)
}

// TestSlowFile keeps the file that others test with what slow makes.
func TestSlowFile(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile("testdata/slow.pdf")
	require.NoError(t, err)
	require.Equal(t, string(slow(200)), string(have))
}

// A document takes all its work from one budget: time, pixels and text.
func TestBudget(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, Timeout: 500 * time.Millisecond})
	content := slow(200)
	require.Less(t, len(content), 40<<10)
	limited := WithBudget(t.Context(), Limits{Time: 1500 * time.Millisecond})
	var err error
	for n := 1; err == nil || timedOut(err); n++ { // each takes its own time, and all are more than the budget
		require.Less(t, n, 10)
		_, err = e.Render(limited, content, RenderOptions{Pages: []int{n}, DPI: 300})
	}
	require.ErrorIs(t, err, ErrBudget)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.EqualError(t, err, "read PDF: over the budget of a document: took longer than 1.5s in all")
	require.GreaterOrEqual(t, BudgetOf(limited).Used().Time, 1500*time.Millisecond)

	_, err = e.Extract(limited, printed(t, nil, "um"))
	require.ErrorIs(t, err, ErrBudget, "nothing is left")
	e.options.Timeout = time.Minute
	doc, err := e.Extract(WithBudget(t.Context(), Limits{}), printed(t, nil, "um"))
	require.NoError(t, err, "another document has a budget of its own, and the extractor goes on")
	require.Equal(t, "um", doc.Pages[0].Text)
}

func timedOut(err error) bool { return strings.HasSuffix(err.Error(), "took longer than 500ms") }

func TestBudgetOfPixelsAndText(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	scans := printed(t, nil, "", "", "", "") // 0.5 million pixels each when they are looked at for ink
	for _, tt := range []struct {
		name    string
		limits  Limits
		content []byte
		want    string
	}{
		{"pixels to look for ink", Limits{Pixels: 1_200_000}, scans, "read PDF: over the budget of a document: more than 1200000 pixels in all: page 3 was being drawn"},
		{"text", Limits{Text: 20}, printed(t, nil, "palavra palavra", "palavra palavra"), "read PDF: over the budget of a document: more than 20 bytes of text in all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.Extract(WithBudget(t.Context(), tt.limits), tt.content)
			require.ErrorIs(t, err, ErrBudget)
			require.EqualError(t, err, tt.want)
			require.Equal(t, fault.Corrupt, fault.KindOf(err))
		})
	}
	ctx := WithBudget(t.Context(), Limits{Pixels: 19_000_000})
	_, err := e.Extract(ctx, scans)
	require.NoError(t, err)
	require.InDelta(t, 4*595*842, BudgetOf(ctx).Used().Pixels, 10_000)
	for n := 1; n <= 2; n++ {
		_, err = e.Render(ctx, scans, RenderOptions{Pages: []int{n}, DPI: 300})
	}
	require.ErrorIs(t, err, ErrBudget, "what was drawn to look for ink counts")
	require.ErrorContains(t, err, "more than 19000000 pixels in all: page 2 was being drawn")
}

func TestWorkWithinABudget(t *testing.T) {
	t.Parallel()
	var none *Budget
	require.NoError(t, none.Within(t.Context(), func(context.Context) error { return nil }))
	require.NoError(t, none.Read(1<<40))
	require.Zero(t, none.Used())

	ctx := WithBudget(t.Context(), Limits{Time: time.Nanosecond})
	err := BudgetOf(ctx).Within(ctx, func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("cut off: %w", ctx.Err())
	})
	require.ErrorIs(t, err, ErrBudget)

	ended, cancel := context.WithCancel(WithBudget(t.Context(), Limits{}))
	cancel()
	err = BudgetOf(ended).Within(ended, func(ctx context.Context) error { return ctx.Err() })
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrBudget, "what somebody stops has not used up its budget")
}

// A page that takes too long to look at does not cost a document the text of the others.
func TestTextBesideAPageThatIsSlowToDraw(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, Timeout: 5 * time.Second})
	doc, err := e.Extract(WithBudget(t.Context(), Limits{}), slow(60, "BT /F 12 Tf 20 700 Td (Bula do paciente) Tj ET"))
	require.NoError(t, err)
	require.Equal(t, "Bula do paciente", doc.Pages[0].Text)
	require.Equal(t, SourceText, doc.Pages[0].Source)
	require.Equal(t, SourceNeedsOCR, doc.Pages[1].Source)
	require.Equal(t, []string{"pages without text were not looked at for ink: that takes longer than 5s"}, doc.Warnings)
}

// What a child does with the text takes from the budget, too: reading sections is work on the document.
func TestMessagesTakeFromTheBudget(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1}, "hang")
	_, err := e.Hand(WithBudget(t.Context(), Limits{Time: 50 * time.Millisecond}), "find sections", []byte("text"))
	require.ErrorIs(t, err, ErrBudget)
	require.EqualError(t, err, "find sections: over the budget of a document: took longer than 50ms in all")
}
