package process_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/process"
)

func TestEnvironment(t *testing.T) {
	t.Run("has only named variables", environmentHasOnlyNamedVariables)
	t.Run("has proxies without passwords", environmentHasProxiesWithoutPasswords)
	t.Run("is listed for every child", environmentIsListedForEveryChild)
}

func environmentHasOnlyNamedVariables(t *testing.T) { // not parallel: it changes the environment
	t.Setenv("DRUGSLM_TEMPORAL_API_KEY", "s3cret")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
	t.Setenv("PATHS3CRET", "s3cret")
	t.Setenv("LANG", "pt_BR.UTF-8")
	t.Setenv("LC_TIME", "C")
	t.Setenv("XDG_CACHE_HOME", "/cache")
	env := process.Environment(append(process.Session(), process.Desktop()...), "TMPDIR=/ours")
	require.Contains(t, env, "LANG=pt_BR.UTF-8")
	require.Contains(t, env, "LC_TIME=C")
	require.Contains(t, env, "XDG_CACHE_HOME=/cache")
	require.Equal(t, "TMPDIR=/ours", env[len(env)-1], "what is set comes last, and counts")
	for _, pair := range env {
		require.NotContains(t, pair, "s3cret")
	}
	none := process.Environment(nil)
	require.NotNil(t, none, "exec takes nil for everything")
	for _, pair := range none {
		require.Regexp(t, "^SYSTEMROOT=", pair)
	}
}

func environmentHasProxiesWithoutPasswords(t *testing.T) { // not parallel: it changes the environment
	for value, want := range map[string]string{
		"http://me:s3cret@proxy.example.org:3128":    "http://proxy.example.org:3128",
		"http://me:s3@cret@proxy.example.org:3128/x": "http://proxy.example.org:3128",
		"me:s3cret@proxy.example.org:3128":           "proxy.example.org:3128",
		"http://proxy.example.org:3128":              "http://proxy.example.org:3128",
		"http://me:s3cret@pro xy":                    "",
		"proxy.example.org:3128":                     "proxy.example.org:3128",
	} {
		t.Setenv("HTTPS_PROXY", value)
		require.Contains(t, process.Proxies(), "HTTPS_PROXY="+want)
	}
}

// environmentIsListedForEveryChild reads the project's own code: a command without an environment of its own gets
// all of ours. What tests start is not counted.
func environmentIsListedForEveryChild(t *testing.T) {
	t.Parallel()
	starts, sets := regexp.MustCompile(`exec\.Command(Context)?\(`), regexp.MustCompile(`\.Env(,| =)`)
	found := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && (e.Name() == "node_modules" || e.Name() == ".cache" || e.Name() == "e2e") {
			return cmp.Or(err, fs.SkipDir)
		}
		if e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		code, err := os.ReadFile(path)
		if n := len(starts.FindAll(code, -1)); n > 0 {
			found++
			require.Lenf(t, sets.FindAll(code, -1), n, "%s starts programs with all of our environment: use process.Environment", path)
		}
		return err
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, found, 5, "driver, PDF child, Tesseract, Temporal server, hook")
}
