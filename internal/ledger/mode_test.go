package ledger_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func TestMode(t *testing.T) {
	t.Parallel()
	t.Run("is readable in workflow inputs", modeIsReadableInWorkflowInputs)
	t.Run("refuses unknown words", modeRefusesUnknownWords)
}

func modeIsReadableInWorkflowInputs(t *testing.T) {
	t.Parallel()
	type input struct {
		Mode ledger.Mode `json:"mode,omitempty"`
	}
	for want, mode := range map[string]ledger.Mode{
		`{}`:                ledger.Missing,
		`{"mode":"failed"}`: ledger.Failed,
		`{"mode":"force"}`:  ledger.Force,
	} {
		text, err := json.Marshal(input{mode})
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		var back input
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, mode, back.Mode)
	}
	var spelt input
	require.NoError(t, json.Unmarshal([]byte(`{"mode":"missing"}`), &spelt))
	require.Equal(t, ledger.Missing, spelt.Mode)
}

func modeRefusesUnknownWords(t *testing.T) {
	t.Parallel()
	var m ledger.Mode
	err := m.UnmarshalText([]byte("everything"))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "known: missing, failed, force")
	_, err = ledger.Mode(7).MarshalText()
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Equal(t, "mode 7", ledger.Mode(7).String())
}
