package asset_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// TestChoose names partitions of a set with accents, and of one with days, as people type them.
func TestChoose(t *testing.T) {
	t.Parallel()
	parts := asset.New(spec("a/parts", asset.Static("part", "Genérico", "Genético", "Novo", "Óleo", "Oleo", "10")))
	days := asset.New(spec("a/days", asset.Daily("day", "", "2026-08-01")))
	g, err := asset.NewGraph(parts, days)
	require.NoError(t, err)
	for _, tt := range []struct {
		name, word string
		want       []string
		refused    string
	}{
		{name: "takes a name as it is written", word: "Genérico", want: []string{"Genérico"}},
		{name: "takes a name with its accent apart", word: "Gene\u0301rico", want: []string{"Genérico"}},
		{name: "takes a name without its accent", word: "generico", want: []string{"Genérico"}},
		{name: "prefers what was typed exactly", word: "Oleo", want: []string{"Oleo"}},
		{name: "does not guess between two", word: "öleo", refused: `partition "öleo" is unknown`},
		{name: "does not take a prefix, and names what begins with it", word: "gene", refused: "nearest: Genérico, Genético;"},
		{name: "names the one that a prefix means", word: "nov", refused: "nearest: Novo;"},
		{name: "takes no prefix of a number", word: "1", refused: `partition "1" is unknown`},
		{name: "takes a range", word: "Genérico..Novo", want: []string{"Genérico", "Genético", "Novo"}},
		{name: "takes a range with accents apart", word: "Gene\u0301rico..Novo", want: []string{"Genérico", "Genético", "Novo"}},
		{name: "says that a range is reversed", word: "Novo..Genérico", refused: "is reversed, as Novo comes after Genérico: write Genérico..Novo"},
		{name: "says that a range with accents apart is reversed", word: "Novo..Gene\u0301rico", refused: "is reversed"},
		{name: "says that a range of days is reversed", word: "2026-08-05..2026-08-02", refused: "write 2026-08-02..2026-08-05"},
		{name: "says that a range of days with nothing in it is reversed", word: "2026-12-05..2026-12-02", refused: "is reversed"},
		{name: "refuses a range without a beginning", word: "..Novo", refused: `the range "..Novo" lacks an end`},
		{name: "refuses a range without an end", word: "2026-08-05..", refused: "lacks an end"},
		{name: "refuses a range of nothing", word: "..", refused: "lacks an end"},
		{name: "refuses nothing", word: "", refused: "empty word"},
		{name: "refuses a blank", word: " ", refused: "empty word"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			view := g.View(asset.GraphState{Now: at(t, "2026-08-10T00:00:00Z")})
			chosen, err := view.Choose([]*asset.Asset{parts, days}, []string{tt.word})
			if tt.refused != "" {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.ErrorContains(t, err, tt.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, chosen[parts.Key])
		})
	}
	t.Run("looks at nothing after a word that means nothing", func(t *testing.T) {
		t.Parallel()
		many := []string{"10"}
		for i := range 100_000 { // each would be compared with every key
			many = append(many, fmt.Sprintf("unknown %d", i))
		}
		_, err := g.View(asset.GraphState{Now: at(t, "2026-08-10T00:00:00Z")}).Choose([]*asset.Asset{parts, days}, many)
		require.ErrorContains(t, err, `partition "unknown 0" is unknown`)
	})
}
