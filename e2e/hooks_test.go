package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const hookSecret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3" // base64 of 0123456789abcdef01234567

// message is one request that a webhook got.
type message struct {
	id, timestamp, signature string
	body                     []byte
}

// webhook is a receiver of events. It holds every request back until it is opened.
type webhook struct {
	*httptest.Server
	open chan struct{}

	mu  sync.Mutex
	got []message
}

func startWebhook(t *testing.T) *webhook {
	w := &webhook{open: make(chan struct{})}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.CloseClientConnections)
	return w
}

func (w *webhook) ServeHTTP(response http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.got = append(w.got, message{r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body})
	w.mu.Unlock()
	select {
	case <-w.open:
		response.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}

func (w *webhook) messages() []message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]message(nil), w.got...)
}

// ids counts the messages by kind of event.
func (w *webhook) ids() map[string]int {
	found := make(map[string]int)
	for _, m := range w.messages() {
		kind, _, _ := strings.Cut(m.id, "/")
		found[kind]++
	}
	return found
}

func TestHooks(t *testing.T) {
	t.Parallel()
	t.Run("deliver failures", hooksDeliverFailures)
}

// hooksDeliverFailures shrinks the source, so that a check stops the publish and the run fails. A webhook gets
// both events, signed; everything is killed while it has the first in its hands, which therefore comes again.
func hooksDeliverFailures(t *testing.T) {
	needed(t)
	t.Parallel()
	hook := startWebhook(t)
	env := []string{"DRUGSLM_HOOKS_URL=" + hook.URL + "/in", "DRUGSLM_HOOKS_SECRET=whsec_" + hookSecret, "DRUGSLM_HOOKS_TIMEOUT=1m"}
	data := t.TempDir()
	whole := startSite(t, startPortal(t, "--products", "400"), data, env...)
	whole.materialize("+anvisa/catalog")
	require.Equal(t, 0, whole.stop(syscall.SIGTERM))
	require.Empty(t, hook.messages(), "nothing failed")

	small := startPortal(t, "--products", "100")
	s := startSite(t, small, data, env...)
	s.materialize("+anvisa/catalog") // what is no longer listed is missing, and goes once a later day confirms it
	small.post("/_day")
	failed := s.run("materialize", "--wait", "+anvisa/catalog")
	require.Equal(t, 1, failed.code, failed.stderr)
	require.Eventually(t, func() bool { return len(hook.messages()) > 0 }, waitLimit, 20*time.Millisecond)
	first := hook.messages()[0]
	s.kill()
	listed := s.hooks("pending")
	require.NotEmpty(t, listed, "known although everything is gone")
	close(hook.open)
	s.start()
	require.Eventually(t, func() bool { return len(s.hooks("pending")) == 0 }, waitLimit, askStep)

	delivered := s.hooks("delivered")
	require.Contains(t, delivered, first.id)
	times := make(map[string]int)
	for _, m := range hook.messages() {
		times[m.id]++
		signed(t, m)
	}
	require.Greater(t, times[first.id], 1, "what nobody could note is sent again, under the same id")
	for _, id := range delivered {
		require.Positive(t, times[id], id)
	}
	require.Positive(t, hook.ids()["run_failed"])
	require.Positive(t, hook.ids()["check_failed"])
	checkPayloads(t, hook)

	tested := s.run("hooks", "test")
	require.Equal(t, 0, tested.code, tested.stderr)
	require.Contains(t, tested.stdout, "204 No Content")
	retried := s.run("hooks", "retry", first.id)
	require.Equal(t, 0, retried.code, retried.stderr)
	count := times[first.id]
	require.Eventually(t, func() bool {
		now := 0
		for _, m := range hook.messages() {
			if m.id == first.id {
				now++
			}
		}
		return now > count
	}, waitLimit, 50*time.Millisecond, "a running worker delivers it at once")
	require.Equal(t, 0, s.stop(syscall.SIGTERM))
}

// signed checks a signature as a receiver would, from the text of the standard.
func signed(t *testing.T, m message) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(hookSecret)
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(m.id + "." + m.timestamp + "."))
	mac.Write(m.body)
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), m.signature)
}

func checkPayloads(t *testing.T, hook *webhook) {
	t.Helper()
	blocking := false
	for _, m := range hook.messages() {
		var body struct {
			Type, ID string
			Data     struct {
				RunID string `json:"run_id"`
				Asset, Check,
				Error string
				Blocking bool
			}
		}
		require.NoError(t, json.Unmarshal(m.body, &body))
		require.Equal(t, m.id, body.ID)
		require.True(t, strings.HasPrefix(body.Data.RunID, "materialize-"))
		switch body.Type {
		case "run_failed":
			require.Contains(t, body.Data.Error, " failed, ")
		case "check_failed":
			stopped := body.Data.Asset == "anvisa/catalog" && body.Data.Check == "not_dropped"
			require.Equal(t, stopped, body.Data.Blocking, "%s %s: the others are warnings", body.Data.Asset, body.Data.Check)
			blocking = blocking || stopped
		default:
			require.Fail(t, "an event of another kind", body.Type)
		}
	}
	require.True(t, blocking, "the listing that shrank was told of")
}

// hooks lists the ids of the events in a state.
func (s *site) hooks(state string) []string {
	s.t.Helper()
	r := starter(s.t, s.env, "hooks", "list", "--state", state, "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found struct{ Events []struct{ Event string } }
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	ids := []string{}
	for _, e := range found.Events {
		ids = append(ids, e.Event)
	}
	return ids
}
