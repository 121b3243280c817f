package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

func TestToken(t *testing.T) {
	t.Parallel()
	t.Run("expires after 300 seconds", tokenExpiresAfter300Seconds)
	t.Run("has the form of a real one", tokenHasFormOfRealOne)
	t.Run("is refused when invalid", tokenIsRefusedWhenInvalid)
}

func tokenExpiresAfter300Seconds(t *testing.T) {
	t.Parallel()
	clock := newClock()
	c := open(t, simulator.Options{Products: 20, Clock: clock.Now})
	token := *c.all().Content[0].Professional
	require.Equal(t, http.StatusOK, c.get(leafletPath(token)).status)
	clock.Advance(299 * time.Second)
	require.Equal(t, http.StatusOK, c.get(leafletPath(token)).status)
	clock.Advance(time.Second)
	require.Equal(t, http.StatusForbidden, c.get(leafletPath(token)).status)

	fresh := *c.all().Content[0].Professional
	require.NotEqual(t, token, fresh, "each answer has new tokens")
	require.Equal(t, http.StatusOK, c.get(leafletPath(fresh)).status)
}

func tokenHasFormOfRealOne(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	parts := strings.Split(*c.all().Content[0].Patient, ".")
	require.Len(t, parts, 3)
	require.Equal(t, "eyJhbGciOiJIUzUxMiJ9", parts[0])
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.Regexp(t, `^\{"jti":"\d{8}","nbf":\d+,"exp":\d+\}$`, string(text))
	var claims struct{ Nbf, Exp int64 }
	require.NoError(t, json.Unmarshal(text, &claims))
	require.Equal(t, day0().Unix(), claims.Nbf)
	require.EqualValues(t, 300, claims.Exp-claims.Nbf)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	require.Len(t, signature, 64)
}

func tokenIsRefusedWhenInvalid(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	token := *c.all().Content[0].Patient
	other := *open(t, simulator.Options{Products: 20, Seed: 2}).all().Content[0].Patient
	header, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + claims + "."
	for name, bad := range map[string]string{"noise": "xyz", "cut": token[:len(token)-2], "another portal's": other, "header only": header, "unsigned": none} {
		require.Equal(t, http.StatusForbidden, c.get(leafletPath(bad)).status, name)
	}
	require.Equal(t, http.StatusOK, c.get(strings.TrimSuffix(leafletPath(token), "/?Authorization=")).status, "the last slash may be missing")
}
