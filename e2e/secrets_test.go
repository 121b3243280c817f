package e2e

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// secrets are what a run is given, by the place where it is given.
func secrets() map[string]string {
	return map[string]string{
		"key of the hooks": hookSecret, "path of the webhook": "s3cret-path", "argument of the hook": "s3cret-argument",
		"OTLP header": "s3cret-header", "password of the proxy": "s3cret-proxy", "query of the open data": "s3cret-query",
		"password of the hub": "s3cret-hub", "API key": "s3cret-key",
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
// the log, in what was sent to hooks and to the collector, in the ledger, in the histories, in the tables, and in what the verbs print.
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
		"DRUGSLM_SOURCE_OPEN_DATA="+portal.url+"/dados/DADOS_ABERTOS_MEDICAMENTOS.csv?token=s3cret-query",
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
	wrong := starter(t, append([]string{"DRUGSLM_TEMPORAL_API_KEY=s3cret-key", "DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:1"}, s.env...), "runs", "cancel", "x")
	told["no server"] = wrong.stdout + wrong.stderr
	lost := finished(t, append([]string{"HUB_URL=http://me:s3cret-hub@127.0.0.1:1"}, s.env...), "starter", "dev", "--temporal-port", "0", "--ui-port", "0")
	told["no hub"] = lost.stdout + lost.stderr

	files := 0
	require.NoError(t, filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.HasSuffix(path, ".parquet") {
			content = cells(t, content)
		}
		files++
		told[strings.TrimPrefix(path, data)] = string(content)
		return err
	}))
	require.Greater(t, files, 10)
	require.NotZero(t, wrong.code+lost.code)
	require.Regexp(t, `\p{Lu}{5,}`, tables(told), "tables are read, too")
	for where, text := range told {
		for what, secret := range secrets() {
			require.NotContainsf(t, text, secret, "the %s is in %s", what, where)
		}
		require.NotRegexpf(t, `eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.`, text, "a token of the portal is in %s", where)
	}
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
