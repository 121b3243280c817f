package document

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/pdf"
)

func TestAccount(t *testing.T) {
	t.Run("costs time in proportion to the text", accountCostsTimeInProportionToText)
}

// accountCostsTimeInProportionToText counts the bytes that it takes to hold the law of words over a text of many sections and of
// many different letters, and over one of four times both. It is not parallel to others, whose memory would be counted with its own.
func accountCostsTimeInProportionToText(t *testing.T) {
	cost := func(sections int) float64 {
		const each = 4
		letters := make([]rune, 0, each*sections)
		var r Row
		for i := range sections {
			from := len(letters)
			for k := range each {
				letters = append(letters, rune(0x4e00+each*i+k)) // a letter that is no other's
			}
			r.Sections = append(r.Sections, Section{Title: string(letters[from]), Text: string(letters[from+1:]), Start: int64(from), End: int64(len(letters))})
		}
		r.Text = string(letters)
		r.Pages = []Page{{Number: 1, Text: r.Text, Words: 1, Sections: 1, Letters: int32(pdf.Letters(r.Text))}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.NoError(t, accounted(r))
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	cost(1) // what is made once
	require.LessOrEqual(t, cost(1<<12), 5*cost(1<<10))
}
