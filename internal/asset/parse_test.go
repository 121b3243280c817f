package asset_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

func ExampleParse() {
	e, err := asset.Parse(`+key:"anvisa/extract" AND NOT (kind:browser, owner:team:data)`)
	fmt.Println(e, err)

	_, err = asset.Parse("group:anvisa adn (knid:pdf")
	fmt.Println(err)
	// Output:
	// +anvisa/extract and not (kind:browser or owner:"team:data") <nil>
	// select assets: the selection has 2 mistakes:
	//   group:anvisa adn (knid:pdf
	//                    ^
	//   this "(" is never closed
	//   group:anvisa adn (knid:pdf
	//                     ^^^^^
	//   "knid" is no attribute; nearest: kind; known: key, group, tag, kind, owner, column, status
}

func TestExpressionString(t *testing.T) {
	t.Parallel()
	tests := []struct{ typed, want string }{
		{"a/b", "a/b"},
		{`key:"a/b"`, "a/b"},
		{" a/b,c/d  e/f ", "a/b or c/d or e/f"},
		{"a or (b or (c or d))", "a or b or c or d"},
		{"a AND (b and c)", "a and b and c"},
		{"(a or b) and c", "(a or b) and c"},
		{"(a and b) or c", "a and b or c"},
		{"not (a and b)", "not (a and b)"},
		{"Not(a)", "not a"},
		{"+(a)", "+a"},
		{"0+a+0", "a"},
		{"007+a+99999999999999999999", "7+a+"},
		{"+(+a)", "+(+a)"},
		{"2+(a b)+1", "2+(a or b)+1"},
		{"not (+a)", "not +a"},
		{"+(not a)", "+(not a)"},
		{"roots( a b )+", "roots(a or b)+"},
		{"key:and", "key:and"},
		{`"and" or 'NOT'`, "key:and or key:NOT"},
		{`"2"+1`, "key:2+1"},
		{"2+3+1", "2+key:3+1"},
		{`key:""`, `""`},
		{"owner:team:data", `owner:"team:data"`},
		{`owner:'it is "so" \\ \''`, `owner:"it is \"so\" \\ \'"`},
		{`tag:a="b c"`, `tag:a="b c"`},
		{`tag:"<null>"`, `tag:"<null>"`},
		{"owner: <null>", "owner:<null>"},
		{"status:stale", "status:stale"},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			t.Parallel()
			e, err := asset.Parse(tt.typed)
			require.NoError(t, err)
			require.Equal(t, tt.want, e.String())
			again, err := asset.Parse(tt.want)
			require.NoError(t, err)
			require.Equal(t, tt.want, again.String())
		})
	}
	require.Empty(t, asset.Expression{}.String())
}

func TestExpressionBounds(t *testing.T) {
	t.Parallel()
	g := described(t)
	deep := func(open string, n int, shut string) string {
		return strings.Repeat(open, n) + "a/index" + strings.Repeat(shut, n)
	}
	for name, text := range map[string]string{
		"parentheses": deep("(", 1000, ")"), "functions": deep("roots(", 1000, ")"), "not": deep("not ", 1000, ""), "steps": deep("+(", 1000, ")"),
		"never closed": deep("(", 30000, ""), "only closed": deep("", 0, "") + strings.Repeat(")", 30000),
		"long": strings.Repeat("a", 64<<10), "many": strings.Repeat("a/index ", 8<<10), "strange": strings.Repeat("&", 30000),
		"strange apart": strings.Repeat("& ", 15000), "pluses": strings.Repeat("+", 30000), "long and unknown": strings.Repeat("a", 30000),
		"quotes": strings.Repeat(`"`, 30001), "stars": strings.Repeat("*", 30000) + "~", "not UTF-8": "a/index \xff", "commas": strings.Repeat(",", 30000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := g.Select(text)
			require.Empty(t, got)
			whole(t, text, err)
			require.Less(t, len(err.Error()), 10_000)
		})
	}
	for name, text := range map[string]string{
		"deep": deep("(", 100, ")"), "stars": strings.Repeat("*", 30000) + "/in*ex", "long": strings.TrimSpace(strings.Repeat("a/index ", 4<<10)),
	} {
		t.Run("allowed: "+name, func(t *testing.T) {
			t.Parallel()
			got, err := g.Select(text)
			require.NoError(t, err)
			require.Equal(t, []string{"a/index"}, words(got))
		})
	}
}

// whole wants err to be what a wrong selection gives: Invalid, with mistakes in order and within the text.
func whole(t *testing.T, text string, err error) {
	t.Helper()
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	wrong, ok := errors.AsType[*asset.SelectionError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, text, wrong.Expression)
	require.NotEmpty(t, wrong.Mistakes)
	last := 0
	for _, m := range wrong.Mistakes {
		require.GreaterOrEqual(t, m.Offset, last)
		require.GreaterOrEqual(t, m.Length, 0)
		require.LessOrEqual(t, m.Offset+m.Length, len(text))
		require.NotEmpty(t, m.Text)
		last = m.Offset
	}
	require.True(t, utf8.ValidString(err.Error()))
}

func FuzzSelect(f *testing.F) {
	for _, seed := range []string{
		"*", "a/catalog", "+a/extract", "a/index+1", "2+*/catalog+1, b/*", "a/[a-c]*", "a/[", "[^a]/*", "", "a/index++", "99999999999999999999+*",
		`key:"a/*" and not (kind:pdf or owner:'team:data')`, "roots(sinks(*))+2", `tag:"note"='a["\.]b, c'`, "status:stale+ or a/index", "owner:<null>",
		"not not not a/index", "a and", "((a)", "key:and or", `"\"`, "2+3+4", "tag:a=b=c", "a&b|!c", "root(a) or + b", "\xff", "a\u0301/x é", "group:a)b",
	} {
		f.Add(seed)
	}
	s := described(f).Selector(byStatus)
	all, err := s.Select("*")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Select(text)
		e, unread := asset.Parse(text)
		if unread != nil {
			whole(t, text, unread)
			require.Error(t, err)
		}
		if err != nil {
			require.Empty(t, got)
			whole(t, text, err)
			return
		}
		require.NotEmpty(t, got)
		last := -1
		for _, a := range got { // strictly further on each time: in dependency order, nothing twice
			at := slices.Index(all, a)
			require.Greater(t, at, last)
			last = at
		}

		if len(e.String()) > 16<<10 {
			return // it may have grown beyond what is read
		}
		again, err := asset.Parse(e.String())
		require.NoError(t, err, e.String())
		require.Equal(t, e.String(), again.String())
		same, err := s.Resolve(again)
		require.NoError(t, err)
		require.Equal(t, words(got), words(same), e.String())

		rest, err := s.Select("not (" + e.String() + ")")
		if len(got) < len(all) && err == nil {
			require.Len(t, rest, len(all)-len(got))
		}
	})
}
