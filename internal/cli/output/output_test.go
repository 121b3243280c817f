package output

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingIsShownAsADash(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Table(&out, []string{"ITEM", "KIND", "NAME"}, [][]string{{"1", "", "AAS"}, {"total", "", "2"}}))
	require.Equal(t, "ITEM   KIND  NAME\n1      –     AAS\ntotal        2\n", out.String())
}
