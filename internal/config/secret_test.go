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
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "key", c.Temporal.APIKey)
	key, err := json.Marshal(c.Temporal)
	require.NoError(t, err)

	for name, shown := range map[string]string{
		"String": c.String(), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c),
		"grid": fmt.Sprintf("%+v", c.Grid), "temporal": fmt.Sprintf("%+v %#v", c.Temporal, c.Temporal),
		"log": log.String(), "JSON": string(key),
	} {
		require.NotContains(t, shown, "s3cret", name)
		require.NotEmpty(t, shown, name)
	}
	require.Contains(t, c.String(), "grid.hub=http://user:xxxxx@hub:4444\n")
	require.Contains(t, c.String(), "temporal.api_key=[redacted]\n")
	require.Contains(t, log.String(), "config.grid.hub=http://user:xxxxx@hub:4444")
	require.NotContains(t, log.String(), "worker.extract", "only what differs from the defaults")
	require.Equal(t, "s3cret", string(c.Temporal.APIKey))
}
