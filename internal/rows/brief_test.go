package rows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

type briefed struct {
	ID       string     `parquet:"id"`
	Text     string     `parquet:"text" rows:"text"`
	At       *time.Time `parquet:"at,optional,timestamp(microsecond)"`
	Sections []chapter  `parquet:"sections,list"`
}

type chapter struct {
	Title string `parquet:"title"`
	Body  string `parquet:"body" rows:"text"`
	Page  int32  `parquet:"page"`
}

func TestBrief(t *testing.T) {
	t.Parallel()
	codec, err := rows.Of[briefed]()
	require.NoError(t, err)
	at := time.Date(2026, 8, 1, 9, 0, 0, 0, time.FixedZone("", -3*60*60))
	row := briefed{ID: "1", Text: strings.Repeat("ção \n", 1000), At: &at, Sections: []chapter{{"INDICAÇÕES", "Para  dor.", 2}}}
	fields, err := codec.Brief(row, 10)
	require.NoError(t, err)
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	require.Equal(t, `{"id":"1","text":"ção ção ç…","text_characters":5000,"at":"2026-08-01T12:00:00Z",`+
		`"sections":[{"title":"INDICAÇÕES","body":"Para dor.","body_characters":10,"page":2}]}`, string(text))
	require.Equal(t, "1", fields.Get("id"))
	require.Nil(t, fields.Get("none"))

	row.Sections = make([]chapter, 70)
	row.At = nil
	fields, err = codec.Brief(&row, 10)
	require.NoError(t, err)
	require.Nil(t, fields.Get("at"))
	list := fields.Get("sections").([]any)
	require.Len(t, list, 65)
	require.Equal(t, rows.Fields{{Name: "more", Value: 6}}, list[64])
	_, err = codec.Brief(chapter{}, 10)
	require.ErrorContains(t, err, "is not a row of")
}
