package client

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func FuzzDecodeCategories(f *testing.F) {
	f.Add([]byte(`[{"id":10,"descricao":"Produto de Terapia Avançada"},{"codigo":"1","nome":" Biológico "}]`))
	f.Add([]byte(`[{"id":1,"descricao":"a"},{"id":"01","descricao":"b"}]`))
	f.Add([]byte(`[null]`))
	f.Add([]byte(`{"id":1e400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := decodeCategories(body)
		if err != nil {
			require.Empty(t, found)
			return
		}
		seen := map[int]bool{}
		for _, c := range found {
			n, err := strconv.Atoi(c.ID)
			require.NoError(t, err, "it goes into addresses and folders")
			require.False(t, seen[n])
			require.NotEmpty(t, c.Name)
			seen[n] = true
		}
	})
}

func FuzzDecodeCurrent(f *testing.F) {
	const jwt = "eyJhbGciOiJIUzUxMiJ9.eyJqdGkiOiIxMjM0NSIsIm5iZiI6MTc2MDAwMDAwMH0.c2lnbmF0dXJl-_x"
	f.Add([]byte(`{"historico":[],"bulaAtual":{"idDocumento":12,"expediente":"0123/45-6","idBulaPaciente":"` + jwt + `","idBulaProfissional":""}}`))
	f.Add([]byte(`{"historico":null,"bulaAtual":null}`))
	f.Add([]byte(`{"bulaAtual":{"idDocumento":"../../x","idBulaPaciente":"\r\nHost: x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		now, err := decodeCurrent(body)
		if err != nil {
			require.NotContains(t, err.Error(), "eyJ", "no token is told")
			return
		}
		if now.DocumentID != "" {
			require.Regexp(t, documentID, now.DocumentID)
		}
		shown, err := json.Marshal(now)
		require.NoError(t, err)
		require.NotContains(t, string(shown), "eyJhbGciOiJIUzUxMiJ9.")
		for _, h := range []Handle{now.Patient, now.Professional} {
			if h.reveal != nil {
				require.Regexp(t, token, h.reveal())
				require.LessOrEqual(t, len(h.reveal()), maxToken)
			}
		}
	})
}

func FuzzJudge(f *testing.F) {
	f.Add(200, "", int64(-1), []byte(`{"content":[]}`), true, false, false)
	f.Add(429, "Wed, 21 Oct 2099 07:28:00 GMT", int64(0), []byte(nil), true, false, false)
	f.Add(503, "-9223372036854775808", int64(7), []byte("<html>"), false, true, true)
	f.Add(200, "1e9", int64(3), []byte("%PDF"), true, false, true)
	now := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, after string, declared int64, body []byte, whole, over, pdf bool) {
		err := classify(request{op: "ask", item: "1/patient", pdf: pdf, bound: 10}, answer{status: status, retryAfter: after, declared: declared, body: body, whole: whole, over: over}, now)
		if err == nil {
			require.Equal(t, 200, status)
			require.NotEmpty(t, body)
			return
		}
		require.True(t, fault.KindOf(err) != fault.Internal || errors.Is(err, ErrTokenExpired), "every answer has a kind: %v", err)
		require.GreaterOrEqual(t, fault.AfterOf(err), time.Duration(0))
		require.LessOrEqual(t, fault.AfterOf(err), longestWait)
	})
}
