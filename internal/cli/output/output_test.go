package output

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingIsShownAsADash(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Table(&out, []string{"ITEM", "KIND", "NAME"}, [][]string{{"1", "", "AAS"}, {"total", "", "2"}}))
	require.Equal(t, "ITEM   KIND  NAME\n1      –     AAS\ntotal        2\n", out.String())
}

func TestListHasARowForEachValue(t *testing.T) {
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

func TestBytesAreText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	_, err := Writef(&b, "%s → %s, %v, %s", json.RawMessage(`"1"`), []byte("two\n"), []int{3}, json.RawMessage(nil))
	require.NoError(t, err)
	require.Equal(t, `"1" → two\n, [3], `, b.String())
}
