package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.pdf")
	require.NoError(t, os.WriteFile(broken, []byte("no PDF"), 0o600))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"done":            {[]string{"version"}, cli.ExitDone, ""},
		"failed":          {[]string{"leaflet", "parse", broken}, cli.ExitFailed, "error: "},
		"an unknown verb": {[]string{"statsu"}, cli.ExitUsage, "did you mean status?"},
		"an unknown flag": {[]string{"status", "--nope"}, cli.ExitUsage, "see `starter status --help`"},
		"interrupted":     {[]string{"status"}, cli.ExitInterrupted, "interrupted\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			ctx, end := context.WithCancel(t.Context())
			defer end()
			if tt.code == cli.ExitInterrupted {
				end()
			}
			code := cli.Run(ctx, append(tt.args, "--data", clitest.Empty(t)), &stdout, &stderr)
			require.Equal(t, tt.code, code, stderr.String())
			require.Contains(t, stderr.String(), tt.says)
		})
	}
}
