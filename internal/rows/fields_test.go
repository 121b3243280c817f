package rows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

func TestFields(t *testing.T) {
	t.Parallel()
	codec, err := rows.Of[briefed]()
	require.NoError(t, err)
	at := time.Date(2026, 8, 1, 9, 0, 0, 0, time.FixedZone("", -3*60*60))
	long := strings.Repeat("ção \n", 1000)
	row := briefed{ID: "1", Text: long, At: &at, Sections: make([]chapter, 70)}
	row.Sections[0] = chapter{"INDICAÇÕES", "Para  dor.", 2}
	fields, err := codec.Fields(&row)
	require.NoError(t, err)
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"id", "text", "at", "sections"}, names, "and no more columns than the table has")
	require.Equal(t, long, fields.Get("text"))
	require.Equal(t, at.UTC(), fields.Get("at"))
	list := fields.Get("sections").([]any)
	require.Len(t, list, 70)
	text, err := json.Marshal(list[0])
	require.NoError(t, err)
	require.Equal(t, `{"title":"INDICAÇÕES","body":"Para  dor.","page":2}`, string(text))

	fields, err = codec.Fields(briefed{})
	require.NoError(t, err)
	require.Nil(t, fields.Get("at"))
	require.Equal(t, []any{}, fields.Get("sections"))
	_, err = codec.Fields(chapter{})
	require.ErrorContains(t, err, "is not a row of")
}
