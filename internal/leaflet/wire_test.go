package leaflet_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

func TestWire(t *testing.T) {
	t.Parallel()
	t.Run("loses nothing", wireLosesNothing)
	t.Run("has every field of a page", wireHasEveryFieldOfPage)
	t.Run("refuses invalid answers", wireRefusesInvalidAnswers)
}

// wireLosesNothing reads texts here, and as the child does: both give the same.
func wireLosesNothing(t *testing.T) {
	t.Parallel()
	for _, h := range hostile {
		for _, l := range layouts {
			if l.only != nil && !slices.Contains(l.only, h.name) {
				continue
			}
			requireSent(t, placed(grow(h.before, h.unit, h.after, 1<<10), l.at))
		}
	}
	requireSent(t, nil)
	requireSent(t, []leaflet.Page{{}, {Text: "a\xffb\n\n <&>\u2028", Words: []leaflet.Word{
		{Text: "a\xffb", Line: -7, Box: leaflet.Box{X0: -1.3, Y0: 1e30}}, {Line: 1 << 40, Cell: leaflet.Cell{Of: 255}}, {Cell: leaflet.Cell{Table: 65535, Row: 65535, Place: 1}},
	}, Rules: []leaflet.Box{{X0: 1.5, X1: 99, Y1: -0.25}, {}}}})
	around := []leaflet.Page{{Rules: []leaflet.Box{{X0: 1.5, X1: 99, Y1: -0.25}, {}}, Dropped: []leaflet.Drop{{Text: "a b", Reason: "invisible"}, {}}}}
	requireSent(t, around)
	got, err := leaflet.Unpack(leaflet.Message(around))
	require.NoError(t, err)
	require.Equal(t, around, got)
}

func requireSent(t *testing.T, pages []leaflet.Page) {
	t.Helper()
	answer, err := leaflet.Handle(leaflet.Message(pages))
	require.NoError(t, err)
	got, err := leaflet.Answer(answer, len(pages))
	require.NoError(t, err)
	require.Equal(t, leaflet.Read(pages), got)
}

// wireHasEveryFieldOfPage fills every field that a page has, those to come included.
func wireHasEveryFieldOfPage(t *testing.T) {
	t.Parallel()
	var page leaflet.Page
	fill(t, reflect.ValueOf(&page).Elem())
	require.NotEmpty(t, page.Words)
	got, err := leaflet.Unpack(leaflet.Message([]leaflet.Page{page, page}))
	require.NoError(t, err)
	require.Equal(t, []leaflet.Page{page, page}, got)
}

// fill gives a value, and all that is in it, another than zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.String:
		v.SetString("é")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	}
}

func wireRefusesInvalidAnswers(t *testing.T) {
	t.Parallel()
	answer, err := leaflet.Handle(leaflet.Message([]leaflet.Page{{Text: "a"}}))
	require.NoError(t, err)
	for text, want := range map[string]string{"": "understand", "[": "understand", "{}": "of 1", `{"Pages":1}`: "1 pages were read, and 0 counted, of 1"} {
		_, err := leaflet.Answer([]byte(text), 1)
		require.ErrorContains(t, err, want)
	}
	_, err = leaflet.Answer(answer, 2)
	require.ErrorContains(t, err, "1 pages were read, and 1 counted, of 2")
	_, err = leaflet.Handle([]byte{200})
	require.ErrorContains(t, err, "pages are not as they are sent")
}

// FuzzMessage reads what a child may be sent. What it takes for pages it can send itself, and reads as Read does.
func FuzzMessage(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{255, 255, 255, 255, 15})
	f.Add(leaflet.Message(placed([]string{ten, "a b\nc"}, layouts[4].at)))
	f.Fuzz(func(t *testing.T, received []byte) {
		pages, err := leaflet.Unpack(received)
		if err != nil {
			return
		}
		sent := leaflet.Message(pages)
		again, err := leaflet.Unpack(sent)
		require.NoError(t, err)
		require.Equal(t, sent, leaflet.Message(again)) // not the pages: a box may be no number
		requireSent(t, pages)
	})
}
