package rows_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

type pageThen struct {
	Number int32  `parquet:"number"`
	Text   string `parquet:"text"`
}

type docThen struct {
	ID    string     `parquet:"id"`
	Pages []pageThen `parquet:"pages,list"`
}

type pageNow struct {
	Number int32    `parquet:"number"`
	Text   string   `parquet:"text" rows:"text"`
	Source string   `parquet:"source" rows:"added"`
	Notes  []string `parquet:"notes,list" rows:"added"`
}

type docNow struct {
	ID    string    `parquet:"id"`
	Kind  string    `parquet:"kind,dict" rows:"added"`
	Pages []pageNow `parquet:"pages,list"`
	More  []pageNow `parquet:"more,list" rows:"text,added"`
}

// TestAddedColumnsAreReadAsZero reads a file of before columns, and fields of structs in lists, were added.
func TestAddedColumnsAreReadAsZero(t *testing.T) {
	t.Parallel()
	var then bytes.Buffer
	w := codecOf[docThen](t).NewWriter(&then, rows.WriterOptions{})
	require.NoError(t, w.Write(docThen{"a", []pageThen{{1, "x"}, {2, "y"}}}))
	require.NoError(t, w.Write(docThen{ID: "b"}))
	require.NoError(t, w.Close())
	got, err := readAll(codecOf[docNow](t), then.Bytes())
	require.NoError(t, err)
	require.Len(t, got, 2)
	first := got[0].(docNow)
	require.Equal(t, "a", first.ID)
	require.Empty(t, first.Kind)
	require.Empty(t, first.More)
	require.Len(t, first.Pages, 2)
	require.Equal(t, "y", first.Pages[1].Text)
	require.Empty(t, first.Pages[1].Source)
	require.Empty(t, got[1].(docNow).Pages)

	nullable := map[string]bool{}
	for _, c := range codecOf[docNow](t).Columns() {
		nullable[c.Name] = c.Nullable
	}
	require.Equal(t, map[string]bool{"id": false, "kind": true, "pages": false, "more": true}, nullable)
}

func TestWidens(t *testing.T) {
	t.Parallel()
	column := func(c rows.Codec, name string) string {
		for _, column := range c.Columns() {
			if column.Name == name {
				return column.Type
			}
		}
		t.Fatal("no column " + name)
		return ""
	}
	type retyped struct {
		Pages []struct {
			Number string `parquet:"number"`
			Text   string `parquet:"text"`
		} `parquet:"pages,list"`
	}
	type required struct {
		Pages []struct {
			Number int32  `parquet:"number"`
			Text   string `parquet:"text"`
			Source string `parquet:"source"`
		} `parquet:"pages,list"`
	}
	then, now := column(codecOf[docThen](t), "pages"), column(codecOf[docNow](t), "pages")
	for name, tt := range map[string]struct {
		was, is string
		want    bool
	}{
		"the same":            {then, then, true},
		"added fields":        {then, now, true},
		"fields that go":      {now, then, false},
		"a field's type":      {then, column(codecOf[retyped](t), "pages"), false},
		"a required field":    {then, column(codecOf[required](t), "pages"), false},
		"names":               {"long", "long", true},
		"other names":         {"long", "string", false},
		"a name and a struct": {"string", then, false},
		"no JSON":             {"{", "}", false},
	} {
		require.Equal(t, tt.want, rows.Widens(tt.was, tt.is), name)
	}
}
