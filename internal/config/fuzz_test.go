package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/fault"
)

// FuzzFile reads a configuration that anybody may have written: it is taken, or refused as a mistake, and no secret that
// it should not hold is repeated.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"budget: {rps: 2}\nschedules: [{name: a, select: '*', cron: '@daily'}]\n", "a: [:", "temporal: {api_key: s3cret}", "hooks: {command: [a, 's3cret']}",
		"grid: {hub: 'http://me:s3cret@[hub', lease: 1h}", "data: &a [*a]", "disk: {floor: 1e30}", "source.url: http://x", "? [a]\n: b", "\xff\xfe", "a: !!binary x", "worker: {extract: 99999999999}",
	} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "c.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		own := path + filepath.Base(t.TempDir()) // fuzzing is done side by side
		require.NoError(t, os.WriteFile(own, text, 0o600))
		defer os.Remove(own)
		c, err := config.Load(config.LoadOptions{File: own, Env: none})
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		require.NoError(t, c.Validate())
		require.Empty(t, string(c.Temporal.APIKey))
		require.Empty(t, string(c.Hooks.Secret))
		require.NotEmpty(t, c.String())
	})
}
