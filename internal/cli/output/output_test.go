package output

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutput(t *testing.T) {
	t.Parallel()
	t.Run("shows nothing as a dash", outputShowsNothingAsDash)
	t.Run("lists a row for each value", outputListsRowForEachValue)
}

func outputShowsNothingAsDash(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Table(&out, []string{"ITEM", "KIND", "NAME"}, [][]string{{"1", "", "AAS"}, {"total", "", "2"}}))
	require.Equal(t, "ITEM   KIND  NAME\n1      –     AAS\ntotal        2\n", out.String())
}

func outputListsRowForEachValue(t *testing.T) {
	t.Parallel()
	columns := []Column[int]{
		{Head: "N", Cell: strconv.Itoa},
		{Head: "TWICE", Cell: func(n int) string { return strconv.Itoa(2 * n) }},
		{Head: "NAME", Cell: func(n int) string { return []string{"", "one\nline"}[n] }},
	}
	for want, values := range map[string][]int{
		"N  TWICE  NAME\n0  0      –\n1  2      one\\nline\n": {0, 1},
		"N  TWICE  NAME\n": nil,
	} {
		var b strings.Builder
		require.NoError(t, List(&b, values, columns))
		require.Equal(t, want, b.String())
	}
}

func TestWritef(t *testing.T) {
	t.Parallel()
	t.Run("shows bytes as the text that they are, on one line", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		_, err := Writef(&out, "%s: %s → %v\n", "total", json.RawMessage("10"), []byte("a\nb"))
		require.NoError(t, err)
		require.Equal(t, "total: 10 → a\\nb\n", out.String())
	})
}
