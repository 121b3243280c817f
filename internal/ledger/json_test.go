package ledger

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzInputs holds the fast way to read the versions of inputs against that of encoding/json.
func FuzzInputs(f *testing.F) {
	for _, text := range []string{`{"anvisa/catalog":12,"anvisa/index":3}`, `{}`, `null`, ``, `{"a":1`, `{"a\"":1}`, `{"a":-1,"a":2}`, `{"a":1e3}`, `{"a": 1}`, `{"a":1}x`, `[1]`, `{"":0}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := reads(nil, text, map[string]string{})
		var want map[string]int64
		if json.Unmarshal(text, &want) != nil {
			return // nothing of ours; it must not panic
		}
		require.NoError(t, err, string(text))
		got := map[string]int64{}
		for _, r := range found {
			got[r.Asset] = r.Version
		}
		if len(want) == 0 {
			require.Empty(t, got)
			return
		}
		require.Equal(t, want, got, string(text))
	})
}

// FuzzMoves reads what a publish that was interrupted left in the ledger.
func FuzzMoves(f *testing.F) {
	f.Add([]byte(`[]`))
	f.Add([]byte(`null`))
	f.Add([]byte(`[{"id":"1/patient","state":"published"}]`))
	f.Add([]byte(`{"a":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var m Materialization
		if json.Unmarshal(text, &m.Moves) != nil {
			return
		}
		again, err := json.Marshal(m.Moves)
		require.NoError(t, err)
		var back Materialization
		require.NoError(t, json.Unmarshal(again, &back.Moves))
		once, err := json.Marshal(back.Moves)
		require.NoError(t, err)
		require.JSONEq(t, string(again), string(once), "what was written is read as it was")
	})
}
