package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"drugslm/internal/fault"
)

// maxAnswer is how much of an answer's body is read, so that its connection can be used again; nobody looks at it.
const maxAnswer = 64 << 10

// maxAfter is the longest pause that a receiver may ask for.
const maxAfter = time.Hour

func (h *Hooks) post(ctx context.Context, e Event, body []byte) (string, error) {
	const op = "post webhook"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.options.URL, bytes.NewReader(body))
	if err != nil {
		return "", fault.New(fault.Invalid, op, "DRUGSLM_HOOKS_URL cannot be used") // err would repeat it
	}
	stamp := strconv.FormatInt(h.options.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", h.options.Agent)
	request.Header.Set("webhook-id", e.ID)
	request.Header.Set("webhook-timestamp", stamp)
	if len(h.options.Key) > 0 {
		request.Header.Set("webhook-signature", Sign(h.options.Key, e.ID, stamp, body))
	}
	response, err := h.client.Do(request)
	if err != nil {
		return "", fault.New(fault.Unavailable, op, "%s: %w", request.URL.Host, withoutURL(ctx, err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer)
	return answerError(op, request.URL.Host, response, h.options.Now())
}

// answerError is what an answer means.
func answerError(op, host string, r *http.Response, now time.Time) (string, error) {
	status := strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode) // not the receiver's own words
	switch code := r.StatusCode; {
	case code >= 200 && code < 300:
		return status, nil
	case code >= 300 && code < 400:
		return "", fault.New(fault.Unavailable, op, "%s answered %s: redirects are not followed, set DRUGSLM_HOOKS_URL to where it leads", host, status)
	case code == http.StatusGone:
		return "", fault.New(fault.Invalid, op, "%s answered %s: it wants no events any more", host, status)
	}
	err := fault.New(fault.Unavailable, op, "%s answered %s", host, status)
	if r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable {
		if err.After = retryAfter(r.Header.Get("Retry-After"), now); err.After > 0 {
			err.Kind = fault.Throttled
		}
	}
	return "", err
}

// retryAfter reads seconds or a date, at most maxAfter; 0 when it says nothing of use.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxAfter)
	}
	return 0
}

// withoutURL takes the URL, which may hold secrets, out of a client's error, and says in our words that time was up.
func withoutURL(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// Sign gives the value of the header webhook-signature: "v1," and the base64 of HMAC-SHA256 under key over
// "{id}.{stamp}.{body}".
func Sign(key []byte, id, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
