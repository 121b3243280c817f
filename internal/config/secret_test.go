package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
)

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Temporal.APIKey = "s3cret"
	c.Grid.Hub = "http://user:s3cret@hub:4444"
	c.Source.URL = "http://user:s3cret@portal"
	c.Hooks.URL, c.Hooks.Secret = "https://me:s3cret@hooks.example.org/T0/s3cret?key=s3cret", "whsec_s3cret"
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "key", c.Temporal.APIKey)
	key, err := json.Marshal(c.Temporal)
	require.NoError(t, err)

	for name, shown := range map[string]string{
		"String": c.String(), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c),
		"grid": fmt.Sprintf("%+v", c.Grid), "hooks": fmt.Sprintf("%v %+v", c.Hooks, c.Hooks), "temporal": fmt.Sprintf("%+v %#v", c.Temporal, c.Temporal),
		"log": log.String(), "JSON": string(key),
	} {
		require.NotContains(t, shown, "s3cret", name)
		require.NotEmpty(t, shown, name)
	}
	require.Contains(t, c.String(), "grid.hub=http://user:xxxxx@hub:4444\n")
	require.Contains(t, c.String(), "hooks.url=https://hooks.example.org/…\nhooks.secret=[redacted]\n")
	require.Contains(t, c.String(), "temporal.api_key=[redacted]\n")
	require.Contains(t, log.String(), "config.grid.hub=http://user:xxxxx@hub:4444")
	require.NotContains(t, log.String(), "worker.extract", "only what differs from the defaults")
	require.Equal(t, "s3cret", string(c.Temporal.APIKey))
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
