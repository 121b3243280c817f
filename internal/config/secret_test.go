package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
)

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Temporal.APIKey = "s3cret"
	c.Grid.Hub = "http://user:s3cret@hub:4444"
	c.Sources.Anvisa.URL = "http://user:s3cret@portal"
	c.Hooks.Command = []string{"notify", "--token=s3cret"}
	c.Sources.Anvisa.OpenData, c.Temporal.UI, c.Telemetry.TraceURL = "https://x/a.csv?sig=s3cret", "https://u:s3cret@ui", "https://t/{trace_id}?token=s3cret"
	c.Hooks.URL, c.Hooks.Secret = "https://me:s3cret@hooks.example.org/T0/s3cret?key=s3cret", "whsec_s3cret"
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "key", c.Temporal.APIKey)
	key, err := json.Marshal(c.Temporal)
	require.NoError(t, err)

	whole, err := json.Marshal(struct{ Config config.Config }{c})
	require.NoError(t, err)
	var lines bytes.Buffer
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("start", "hooks", c.Hooks, "grid", c.Grid, "command", c.Hooks.Command, "url", c.Sources.Anvisa.OpenData)
	hexed := fmt.Sprintf("%x", "s3cret")

	for name, shown := range map[string]string{
		"String": c.String(), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c),
		"grid": fmt.Sprintf("%+v", c.Grid), "hooks": fmt.Sprintf("%v %+v", c.Hooks, c.Hooks), "temporal": fmt.Sprintf("%+v %#v", c.Temporal, c.Temporal),
		"log": log.String(), "JSON": string(key), "all as JSON": string(whole), "JSON log": lines.String(),
		"values": fmt.Sprint(c.Temporal.APIKey, c.Hooks.Secret, c.Hooks.URL, c.Hooks.Command, c.Grid.Hub, c.Sources.Anvisa.OpenData),
		"verbs":  verbs(c, c.Hooks, c.Sources, c.Grid, c.Temporal, c.Temporal.APIKey, c.Hooks.Secret, c.Hooks.URL, c.Hooks.Command, c.Grid.Hub),
	} {
		require.NotContains(t, shown, "s3cret", name)
		require.NotContains(t, shown, hexed, name)
		require.NotContains(t, shown, strings.ToUpper(hexed), name)
		require.NotEmpty(t, shown, name)
	}
	require.Contains(t, c.String(), "grid.hub=http://user:xxxxx@hub:4444\n")
	require.Contains(t, c.String(), "hooks.url=https://hooks.example.org/…\nhooks.secret=[redacted]\n")
	require.Contains(t, c.String(), "hooks.command=notify [1 arguments]\nhooks.events")
	require.Contains(t, c.String(), "sources.anvisa.open_data=https://x/a.csv?sig=xxxxx\n")
	require.Contains(t, c.String(), "temporal.api_key=[redacted]\n")
	require.Contains(t, log.String(), "config.grid.hub=http://user:xxxxx@hub:4444")
	require.NotContains(t, log.String(), "worker.extract", "only what differs from the defaults")
	require.Equal(t, "s3cret", string(c.Temporal.APIKey))
}

// verbs prints each value by every verb there is, those that are of no use to its type included.
func verbs(values ...any) string {
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%#q", "%x", "% X", "%d", "%o", "%t", "%b", "%c", "%U", "%e", "%5.1f", "%z"} {
		for _, value := range values {
			fmt.Fprintf(&b, verb+"\n", value)
		}
	}
	return b.String()
}

func TestKeyOfTheHooks(t *testing.T) {
	t.Parallel()
	for _, secret := range []config.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		key, err := config.Hooks{Secret: secret}.Key()
		require.NoError(t, err)
		require.Len(t, key, 24)
	}
	key, err := config.Hooks{}.Key()
	require.NoError(t, err)
	require.Nil(t, key)
	_, err = config.Hooks{Secret: "whsec_s3cret!"}.Key()
	require.ErrorContains(t, err, "base64")
	require.NotContains(t, err.Error(), "s3cret!")
}

func TestAddressesAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	for address, want := range map[config.URL]string{
		"": "", "https://consultas.anvisa.gov.br": "https://consultas.anvisa.gov.br", "/srv/medicamentos.csv": "/srv/medicamentos.csv",
		"data/a b.csv": "data/a%20b.csv", "http://me@hub:4444/wd/hub": "http://me@hub:4444/wd/hub", "http://me:pass@hub": "http://me:xxxxx@hub",
		"https://h/x?key=s3cret&b=1": "https://h/x?key=xxxxx&b=xxxxx", "https://h/x?s3cret": "https://h/x?xxxxx",
		"me:pass@hub:4444": "[not a URL]", "http://[me:pass@": "[not a URL]", "//me:pass@hub": "[not a URL]",
	} {
		require.Equal(t, want, address.String(), string(address))
	}
	require.Equal(t, "true", config.Command{"true"}.String())
	require.Equal(t, "[not a URL]", config.Webhook("s3cret").String())
}
