package lake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

func TestSchemaOfStructs(t *testing.T) {
	t.Parallel()
	t.Run("adds fields to structs in lists", schemaOfStructsAddsFieldsToStructsInLists)
}

// schemaOfStructsAddsFieldsToStructsInLists publishes rows of newer code into a table that older code made, and the other way round.
func schemaOfStructsAddsFieldsToStructsInLists(t *testing.T) {
	t.Parallel()
	type pageThen struct {
		N int64 `parquet:"n"`
	}
	type then struct {
		Pages []pageThen `parquet:"pages,list"`
	}
	type pageNow struct {
		N      int64  `parquet:"n"`
		Source string `parquet:"source" rows:"added"`
	}
	type now struct {
		Pages []pageNow `parquet:"pages,list"`
		Kind  string    `parquet:"kind" rows:"added"`
	}
	s := dir(t)
	put := func(table *lake.Table, row any) error {
		p, err := table.NewFile(t.Context(), "5", nil)
		require.NoError(t, err)
		require.NoError(t, p.Write(row))
		f, err := p.Close(t.Context())
		require.NoError(t, err)
		_, err = table.Commit(t.Context(), lake.Change{Partition: "5", Add: []lake.File{f}})
		return err
	}
	older, newer := tableOf[then](t, s), tableOf[now](t, s)
	require.NoError(t, put(older, then{[]pageThen{{1}}}))
	require.NoError(t, put(newer, now{[]pageNow{{2, "ocr"}}, "leaflet"}))
	require.NoError(t, put(newer, now{}))
	var got []any
	for _, f := range snapshot(t, newer).Files("") {
		for row, err := range newer.Rows(t.Context(), f) {
			require.NoError(t, err)
			got = append(got, row)
		}
	}
	require.Len(t, got, 3)
	require.Contains(t, got, any(now{[]pageNow{{2, "ocr"}}, "leaflet"}))
	require.Contains(t, got, any(now{Pages: []pageNow{{N: 1}}}), "what was not there is empty")

	err := put(older, then{})
	require.ErrorContains(t, err, "column pages is", "older code must not take fields away")
	require.Equal(t, fault.CodeVersion, fault.KindOf(err), "a worker of the newer build can do it")
	require.Equal(t, fault.CodeVersion, fault.KindOf(older.Usable(t.Context(), false)), "it is known before anything is made")
}
