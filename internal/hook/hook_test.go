package hook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/hook"
)

// event is what the tests tell of.
func event() hook.Event {
	return hook.Event{
		ID: "run_failed/run-1", Kind: "run_failed", Created: time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC), Data: []byte(`{"run_id":"run-1"}`),
	}
}

const told = `{"type":"run_failed","id":"run_failed/run-1","timestamp":"2026-11-25T13:00:00Z","data":{"run_id":"run-1"}}`

func TestHook(t *testing.T) {
	t.Run("signs as Standard Webhooks", hookSignsAsStandardWebhooks)
	t.Run("sends each target the kinds it wants", hookSendsEachTargetKindsItWants)
	t.Run("posts a signed message", hookPostsSignedMessage)
	t.Run("signs nothing without a key", hookSignsNothingWithoutKey)
	t.Run("interprets answers", hookInterpretsAnswers)
	t.Run("gives up on a webhook that does not answer", hookGivesUpOnWebhookThatDoesNotAnswer)
	t.Run("gives a command the event", hookGivesCommandEvent)
	t.Run("reports commands that fail", hookReportsCommandsThatFail)
	t.Run("tolerates commands that ignore the event", hookToleratesCommandsThatIgnoreEvent)
}

// hookSignsAsStandardWebhooks holds the signature against the example of Standard Webhooks' own libraries.
func hookSignsAsStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	got := hook.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", got)
}

func hookSendsEachTargetKindsItWants(t *testing.T) {
	t.Parallel()
	var nobody *hook.Hooks
	require.Empty(t, nobody.Targets("run_failed"))
	require.Empty(t, hook.New(hook.Options{}).Targets("run_failed"))
	both := hook.New(hook.Options{URL: "http://127.0.0.1", Command: []string{"true"}, Kinds: []string{"check_failed"}})
	require.Equal(t, []string{hook.Command, hook.Webhook}, both.Targets("check_failed"))
	require.Empty(t, both.Targets("run_failed"))
	_, err := hook.New(hook.Options{}).Send(t.Context(), hook.Webhook, event())
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func hookPostsSignedMessage(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef01234567")
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	now := time.Unix(1_800_000_000, 0)
	h := hook.New(hook.Options{URL: server.URL + "/in?token=x", Key: key, Agent: "drugslm/1", Now: func() time.Time { return now }})
	answer, err := h.Send(t.Context(), hook.Webhook, event())
	require.NoError(t, err)
	require.Equal(t, "204 No Content", answer)
	require.Equal(t, "POST /in?token=x", got.Method+" "+got.RequestURI)
	require.Equal(t, told, string(body))
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Equal(t, "drugslm/1", got.Header.Get("User-Agent"))
	require.Equal(t, "run_failed/run-1", got.Header.Get("Webhook-Id"))
	require.Equal(t, "1800000000", got.Header.Get("Webhook-Timestamp"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("run_failed/run-1.1800000000." + told))
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), got.Header.Get("Webhook-Signature"))
}

func hookSignsNothingWithoutKey(t *testing.T) {
	t.Parallel()
	signed := true
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, signed = r.Header["Webhook-Signature"]
	}))
	defer server.Close()
	answer, err := hook.New(hook.Options{URL: server.URL}).Send(t.Context(), hook.Webhook, event())
	require.NoError(t, err)
	require.Equal(t, "200 OK", answer)
	require.False(t, signed)
}

func hookInterpretsAnswers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	tests := []struct {
		name  string
		code  int
		after string
		kind  fault.Kind
		wait  time.Duration
		says  string
	}{
		{"failure", 500, "", fault.Unavailable, 0, "answered 500 Internal Server Error"},
		{"not found", 404, "", fault.Unavailable, 0, "answered 404"},
		{"gone", 410, "", fault.Invalid, 0, "wants no events any more"},
		{"redirect", 307, "", fault.Unavailable, 0, "redirects are not followed"},
		{"busy for a while", 429, "90", fault.Throttled, 90 * time.Second, "429"},
		{"down until a time", 503, now.Add(time.Minute).Format(http.TimeFormat), fault.Throttled, time.Minute, "503"},
		{"down for ever", 503, "999999", fault.Throttled, time.Hour, "503"},
		{"down, and confused", 503, "-soon", fault.Unavailable, 0, "503"},
		{"down until yesterday", 503, now.AddDate(0, 0, -1).Format(http.TimeFormat), fault.Unavailable, 0, "503"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.after)
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(tt.code)
				_, _ = w.Write([]byte("s3cret"))
			}))
			defer server.Close()
			h := hook.New(hook.Options{URL: server.URL + "/s3cret", Now: func() time.Time { return now }})
			_, err := h.Send(t.Context(), hook.Webhook, event())
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			require.Equal(t, tt.wait, fault.AfterOf(err))
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func hookGivesUpOnWebhookThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // it accepts, and says nothing
	require.NoError(t, err)
	defer listener.Close()
	h := hook.New(hook.Options{URL: "http://me:s3cret@" + listener.Addr().String() + "/s3cret", Timeout: 50 * time.Millisecond})
	_, err = h.Send(t.Context(), hook.Webhook, event())
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.EqualError(t, err, "post webhook: "+listener.Addr().String()+": no answer in time")

	nobody := unanswered(t)
	_, err = hook.New(hook.Options{URL: "http://me:s3cret@" + nobody + "/s3cret"}).Send(t.Context(), hook.Webhook, event())
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "whichever way the system says it")
	require.ErrorContains(t, err, "post webhook: "+nobody+": ")
	require.NotContains(t, err.Error(), "s3cret")
}

// unanswered is an address of this machine where nobody listens, and nobody can begin to: the port is taken.
func unanswered(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(socket) })
	require.NoError(t, syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	taken, err := syscall.Getsockname(socket)
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(taken.(*syscall.SockaddrInet4).Port))
}

// script is a command that a shell runs, with the environment and the input it got in files of a folder.
func script(t *testing.T, text string) (command []string, dir string) {
	t.Helper()
	dir = t.TempDir()
	return []string{"/bin/sh", "-c", text, "hook", dir}, dir
}

func hookGivesCommandEvent(t *testing.T) {
	t.Setenv("DRUGSLM_HOOKS_SECRET", "s3cret")
	command, dir := script(t, `cat >"$1/input"; env >"$1/env"; echo "Authorization: s3cret"`)
	var log bytes.Buffer
	h := hook.New(hook.Options{Command: command, Log: slog.New(slog.NewTextHandler(&log, nil))})
	answer, err := h.Send(t.Context(), hook.Command, event())
	require.NoError(t, err)
	require.Equal(t, "exit code 0", answer)
	input, err := os.ReadFile(filepath.Join(dir, "input"))
	require.NoError(t, err)
	require.Equal(t, told, string(input))
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	require.NoError(t, err)
	require.Contains(t, string(env), "DRUGSLM_EVENT=run_failed\n")
	require.Contains(t, string(env), "DRUGSLM_EVENT_ID=run_failed/run-1\n")
	require.NotContains(t, string(env), "s3cret")
	require.Contains(t, log.String(), "hook command printed")
	require.NotContains(t, log.String(), "s3cret")
}

func hookReportsCommandsThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script, says string
	}{
		{"exit code", `echo s3cret >&2; exit 7`, "/bin/sh ended with exit code 7"},
		{"signal", `kill -9 $$`, "/bin/sh was ended by a signal"},
		{"too long, with a child of its own", `tail -f /dev/null & wait`, "/bin/sh was killed: it took longer than 300ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			command, _ := script(t, tt.script)
			_, err := hook.New(hook.Options{Command: command, Timeout: 300 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}).Send(t.Context(), hook.Command, event())
			require.Equal(t, fault.Unavailable, fault.KindOf(err))
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	_, err := hook.New(hook.Options{Command: []string{"no-such-program"}}).Send(t.Context(), hook.Command, event())
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "it may be installed later")
	require.ErrorContains(t, err, "no-such-program")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = hook.New(hook.Options{Command: []string{"/bin/true"}}).Send(stopped, hook.Command, event())
	require.True(t, fault.Canceled(err), "%v", err)
}

func hookToleratesCommandsThatIgnoreEvent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	command, _ := script(t, `head -c 1000000 /dev/zero | tr '\0' x; exit 0`)
	e := event()
	e.Data = []byte(`{"long":"` + strings.Repeat("y", 1<<20) + `"}`) // more than a pipe holds
	answer, err := hook.New(hook.Options{Command: command, Log: slog.New(slog.NewTextHandler(&log, nil))}).Send(t.Context(), hook.Command, e)
	require.NoError(t, err)
	require.Equal(t, "exit code 0", answer)
	require.Equal(t, strconv.Itoa(4<<10), strconv.Itoa(strings.Count(log.String(), "x")), "what is logged is bounded")
}
