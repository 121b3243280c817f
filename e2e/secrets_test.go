package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
)

// secrets are what a run is given, by the variable by which it is given.
func secrets() map[string]string {
	return map[string]string{
		"DRUGSLM_HOOKS_SECRET": hookSecret, "DRUGSLM_HOOKS_URL": "s3cret-path", "DRUGSLM_HOOKS_COMMAND": "s3cret-argument",
		"OTEL_EXPORTER_OTLP_HEADERS": "s3cret-header", "HTTPS_PROXY": "s3cret-proxy", "DRUGSLM_SOURCES_ANVISA_OPEN_DATA": "s3cret-query",
		"DRUGSLM_GRID_HUB": "s3cret-hub", "DRUGSLM_TEMPORAL_API_KEY": "s3cret-key", "DRUGSLM_TEMPORAL_UI": "s3cret-interface",
		"DRUGSLM_SOURCES_ANVISA_URL": "s3cret-source", "DRUGSLM_TELEMETRY_TRACE_URL": "s3cret-trace",
	}
}

// portalToken is a token as the portal gives them, whole or cut off.
var portalToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.`)

// leaks names the secrets in a text, also in the Base64 of a header or a payload.
func leaks(text string) (found []string) {
	for what, secret := range secrets() {
		forms := []string{secret, hex.EncodeToString([]byte(secret))}
		for shift := range 3 { // what comes before it moves its bits
			whole := base64.StdEncoding.EncodeToString([]byte("xxx"[:shift] + secret))
			forms = append(forms, whole[(shift*8+5)/6:len(whole)-4]) // without what neighbours have a part in
		}
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) }) {
			found = append(found, what)
		}
	}
	if portalToken.MatchString(text) {
		found = append(found, "a token of the portal")
	}
	return found
}

// TestLeaksAreFound plants each secret, as it is and as headers, payloads and dumps write it.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	for what, secret := range secrets() {
		for form, text := range map[string]string{
			"plain": "x" + secret + "x", "JSON": `{"url":"http://me:` + secret + `@h"}`, "hex": hex.EncodeToString([]byte("a" + secret)),
			"header": base64.StdEncoding.EncodeToString([]byte("me:" + secret)), "payload": base64.StdEncoding.EncodeToString([]byte(`{"a":"` + secret + `"}`)),
			"shifted": base64.RawURLEncoding.EncodeToString([]byte("ab" + secret + " and more")),
		} {
			require.Containsf(t, leaks(text), what, "%s of %s", form, what)
		}
	}
	require.NotEmpty(t, leaks("eyJhbGciOiJIUzUxMiJ9.eyJqdGkiOiIxMjM0NSJ9.x"))
	require.Empty(t, leaks("http://me:xxxxx@127.0.0.1:9 [redacted] eyJhbGciOi"))
}

// TestEverySecretIsPlanted holds what TestNoSecretIsLeft plants against the settings that may hold a secret.
func TestEverySecretIsPlanted(t *testing.T) {
	t.Parallel()
	planted := secrets()
	for _, k := range config.Keys() {
		if k.Hidden {
			require.Contains(t, planted, k.Env[0], "plant one in TestNoSecretIsLeft")
		}
	}
}

// listener keeps all that is sent to it.
type listener struct {
	*httptest.Server
	mu  sync.Mutex
	got bytes.Buffer
}

func listen(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = io.Copy(&l.got, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got.String()
}

// TestNoSecretIsLeft runs everything against a portal with faults, with a secret wherever one can be given, and then looks for them in
// the logs, in what was sent to hooks and to the collector, in the ledger, in the histories, in the tables, and in what the verbs print.
func TestNoSecretIsLeft(t *testing.T) {
	needed(t)
	t.Parallel()
	hook, collector, data := listen(t), listen(t), t.TempDir()
	portal := startPortal(t, "--products", "30", "--fault", "error=0.05,challenge-403=0.01,truncated-pdf=0.1,wrong-pdf=0.05,false-negative=0.1", "--retry-after", "1s")
	s := startSite(t, portal, data,
		"DRUGSLM_LOG_LEVEL=debug", "DRUGSLM_HOOKS_URL="+hook.URL+"/s3cret-path", "DRUGSLM_HOOKS_SECRET=whsec_"+hookSecret,
		"DRUGSLM_HOOKS_COMMAND=false,s3cret-argument",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=authorization=s3cret-header",
		"HTTPS_PROXY=http://me:s3cret-proxy@127.0.0.1:9", "NO_PROXY=127.0.0.1",
		"DRUGSLM_SOURCES_ANVISA_OPEN_DATA="+portal.url+"/dados/DADOS_ABERTOS_MEDICAMENTOS.csv?token=s3cret-query",
	)
	ran := s.run("materialize", "--wait", "*")
	told := map[string]string{"run": ran.stdout + ran.stderr}
	for _, verb := range [][]string{
		{"status"}, {"items"}, {"runs", "list"}, {"checks", "--failed"}, {"hooks", "list"}, {"hooks", "test"}, {"plan", "*"}, {"assets", "list"}, {"audit"},
		{"status", "--log-level", "nonsense"}, {"quality"},
	} {
		for _, form := range []string{"text", "json"} {
			r := s.run(append([]string{"-o", form}, verb...)...)
			told[strings.Join(verb, " ")+" "+form] = r.stdout + r.stderr
		}
	}
	require.Equal(t, 0, s.stop(syscall.SIGTERM))
	told["log"] = s.stderr.String()
	told["collector"], told["hook"] = collector.text(), hook.text()
	require.Contains(t, told["collector"], "send request", "traces were sent")
	require.Contains(t, told["hook"], `"timestamp"`, "events were delivered, the test of the hooks at least")
	wrong := starter(t, append(slices.Clone(s.env), // of two values the later counts
		"DRUGSLM_TEMPORAL_API_KEY=s3cret-key", "DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:1", "DRUGSLM_TEMPORAL_UI=http://me:s3cret-interface@127.0.0.1:1",
		"DRUGSLM_TELEMETRY_TRACE_URL=http://127.0.0.1:1/{trace_id}?k=s3cret-trace", "DRUGSLM_SOURCES_ANVISA_URL=http://me:s3cret-source@127.0.0.1:1"), "runs", "cancel", "x")
	told["no server"] = wrong.stdout + wrong.stderr
	lost := finished(t, append(slices.Clone(s.env), "HUB_URL=http://me:s3cret-hub@127.0.0.1:1"), "starter", "dev", "--temporal-port", "0", "--ui-port", "0")
	told["no hub"] = lost.stdout + lost.stderr

	files := 0
	require.NoError(t, filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.HasSuffix(path, ".parquet") {
			content = append(cells(t, content), content...) // the rest is statistics and metadata
		}
		files++
		told[strings.TrimPrefix(path, data)] = string(content)
		return err
	}))
	require.Greater(t, files, 10)
	require.Regexp(t, `"msg":"run ended`, contentsOf(told, "/logs/"), "the logs of runs are among them")
	require.NotZero(t, wrong.code+lost.code)
	require.Regexp(t, `\p{Lu}{5,}`, tables(told), "tables are read, too")
	for where, text := range told {
		require.Emptyf(t, leaks(text), "in %s", where)
	}
}

// contentsOf is what is in the files of a folder.
func contentsOf(told map[string]string, folder string) string {
	var all strings.Builder
	for where, text := range told {
		if strings.HasPrefix(where, folder) {
			all.WriteString(text)
		}
	}
	return all.String()
}

// tables is what is in Parquet files.
func tables(told map[string]string) string {
	var all strings.Builder
	for where, text := range told {
		if strings.HasSuffix(where, ".parquet") {
			all.WriteString(text)
		}
	}
	return all.String()
}

// cells is every value of a Parquet file.
func cells(t *testing.T, content []byte) []byte {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	var all bytes.Buffer
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for _, value := range row {
					all.WriteString(value.String() + "\n")
				}
			}
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
		require.NoError(t, rows.Close())
	}
	return all.Bytes()
}
