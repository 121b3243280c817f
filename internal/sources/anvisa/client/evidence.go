package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// Evidence keeps what was seen of the portal when it was not as it is known.
type Evidence interface {
	// Keep keeps files in a folder of that name, once, and gives the folder's name in the lake.
	Keep(ctx context.Context, name string, files map[string][]byte) (folder string, err error)
}

// What is kept of one sight, at most. A page of 1,000 products is about 1 MiB.
const (
	maxKeptBody = 1 << 20
	maxKeptShot = 4 << 20
	maxShown    = 30 * time.Second // for the browser to show its page once more
)

// photographer is what a browser session may be able to do.
type photographer interface {
	Screenshot(ctx context.Context) ([]byte, error)
}

// Report is what the evidence's report.json says.
type Report struct {
	Op         string     `json:"op"`
	URL        string     `json:"url"` // without tokens
	At         time.Time  `json:"at"`
	Error      string     `json:"error"`
	Status     int        `json:"status"`           // of the answer; 0: it is a page's table
	Bytes      int        `json:"bytes"`            // of the answer
	Truncated  bool       `json:"truncated"`        // body.txt holds its beginning only
	Unseen     string     `json:"unseen,omitempty"` // why there is no picture
	Difference Difference `json:"difference"`
}

// send is caller.send, and remembers what came back.
func (v *Visit) send(ctx context.Context, r request, way func(context.Context, request) (answer, error)) error {
	if r.known != "" || r.pdf {
		v.table = nil
	}
	err := v.requester.send(ctx, r, func(ctx context.Context, r request) (answer, error) {
		a, err := way(ctx, r)
		v.asked, v.answered = r, a
		return a, err
	})
	return v.withEvidence(ctx, err)
}

// withEvidence adds to an error of kind fault.Layout what differs from the form that is known, and keeps the evidence: the
// report, the answer or the page's source, and the browser's picture of the page. Any other error stays as it is.
func (v *Visit) withEvidence(ctx context.Context, err error) error {
	if fault.KindOf(err) != fault.Layout || fault.EvidenceOf(err) != "" || v.isShown(err) || ctx.Err() != nil {
		return err
	}
	d, body := v.describePage(ctx)
	if text := d.String(); text != "" {
		err = fault.New(fault.Layout, "", "%w (%s)", err, text)
	}
	v.shown = err
	if v.o.Evidence == nil {
		return err
	}
	report := Report{
		Op: v.asked.op, URL: telemetry.Redact(v.asked.url(v.o.URL)), At: v.o.Clock().UTC(), Error: telemetry.Redact(err.Error()),
		Status: v.answered.status, Bytes: len(body), Truncated: len(body) > maxKeptBody, Difference: d,
	}
	files := map[string][]byte{"body.txt": redactedText(body)}
	if shot, why := v.screenshot(ctx); why == "" {
		files["page.png"] = shot
	} else {
		report.Unseen = why
	}
	content, failed := json.MarshalIndent(report, "", "  ")
	if failed != nil {
		return errors.Join(err, failed)
	}
	files["report.json"] = content
	folder, failed := v.o.Evidence.Keep(ctx, caseName(v.asked.op, d, err), files)
	if failed != nil {
		return errors.Join(err, failed)
	}
	v.shown = &fault.Error{Kind: fault.Layout, Err: err, Evidence: folder}
	return v.shown
}

// isShown reports whether an error was seen to before.
func (v *Visit) isShown(err error) bool { return v.shown != nil && errors.Is(err, v.shown) }

// describePage is what is to be looked at: the last answer, or the page if that was a table.
func (v *Visit) describePage(ctx context.Context) (Difference, []byte) {
	if v.asked.known != "" {
		return compare(strings.Fields(v.asked.known), pathsOf(v.answered.body)), v.answered.body
	}
	if v.table == nil && v.asked.path != searchPage {
		return Difference{Missing: []string{}, New: []string{}}, v.answered.body
	}
	var source string
	ctx, cancel := context.WithTimeout(ctx, maxShown)
	defer cancel()
	if v.page.Eval(ctx, script("source"), &source, maxKeptBody+1) != nil {
		source = "" // what is known of the table must do
	}
	return v.table.difference(), []byte(source)
}

func (v *Visit) screenshot(ctx context.Context) (png []byte, why string) {
	camera, ok := v.page.(photographer)
	if !ok {
		return nil, "this browser takes no pictures"
	}
	ctx, cancel := context.WithTimeout(ctx, maxShown)
	defer cancel()
	png, err := camera.Screenshot(ctx)
	switch {
	case err != nil:
		return nil, telemetry.Redact(err.Error())
	case len(png) > maxKeptShot:
		return nil, "the picture is too large"
	}
	return png, ""
}

// redactedText is the beginning of a body, without secrets.
func redactedText(body []byte) []byte {
	head := body[:min(len(body), maxKeptBody)]
	if !utf8.Valid(body) {
		head = []byte(strings.ToValidUTF8(string(head), "\uFFFD"))
	}
	return []byte(telemetry.Redact(string(head)))
}

// caseName names a sight by what differs, so that the same change is kept once, however often it is met.
func caseName(op string, d Difference, err error) string {
	words := strings.FieldsFunc(strings.ToLower(op), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	differs := d.String()
	if differs == "" {
		differs = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '#'
			}
			return r
		}, err.Error())
	}
	sum := sha256.Sum256([]byte(differs))
	slug := strings.Join(words[:min(len(words), 2)], "-")
	return slug[:min(len(slug), 40)] + "-" + hex.EncodeToString(sum[:6])
}
