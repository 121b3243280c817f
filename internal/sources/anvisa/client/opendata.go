package client

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/sources/anvisa/opendata"
	"drugslm/internal/telemetry"
)

const (
	// DefaultOpenData is where the agency publishes its table of medicines. Its certificate has been invalid for
	// years: what then must be done, the error says.
	DefaultOpenData = "https://dados.anvisa.gov.br/dados/DADOS_ABERTOS_MEDICAMENTOS.csv"

	// openDataPatience is for a file of some ten megabytes from a server that is at times slow.
	openDataPatience = 5 * time.Minute
)

// OpenData is the agency's table of medicines, as package opendata reads it. Source is required, Pace as well unless
// Source is a file. It is safe for several goroutines if Pace is.
type OpenData struct {
	Source    string            // an address, http or https, or the path of a file on this machine
	Pace      Pace              // gives turns, of the address's own host
	UserAgent string            // by name, and with whom to ask
	Transport http.RoundTripper // default http.DefaultTransport. It verifies certificates
	Clock     func() time.Time  // default time.Now
	Tracer    trace.Tracer      // default: none
}

// Edition identifies one state of the table, as its server does; the zero Edition is none. Of a file, ETag is
// its sha256 in quotes.
type Edition struct {
	ETag     string    // as the server wrote it, quotes included
	Modified time.Time // when it was last modified; zero: not said
}

func (e Edition) known() bool { return e.ETag != "" || !e.Modified.IsZero() }

// OpenFile is what [OpenData.Fetch] found.
type OpenFile struct {
	Edition
	Unchanged bool   // the table is still of the edition that the caller knows: there is no Content
	Content   []byte // at most opendata.MaxBytes
	SHA256    string // of Content, hexadecimal
	URL       string // the address, without secrets, or the file's path
	FetchedAt time.Time
}

// Fetch gets the table unless it is of the edition known. It takes one turn and sends one request, and none for a
// file. What is not whole is a fault.Unavailable; an invalid certificate is a fault.Layout and says what to do: this
// client never talks to a server that it cannot verify.
func (o OpenData) Fetch(ctx context.Context, known Edition) (OpenFile, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if o.Source == "" {
		return OpenFile{}, fault.New(fault.Invalid, opOpenData, "there is no source: set sources.anvisa.open_data to an address or a file")
	}
	if !strings.Contains(o.Source, "://") {
		return o.read(known)
	}
	address, err := url.Parse(o.Source)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return OpenFile{}, fault.New(fault.Invalid, opOpenData, "%q is neither a file nor an address such as %s", telemetry.Redact(o.Source), DefaultOpenData)
	}
	if o.Pace == nil {
		return OpenFile{}, fault.New(fault.Invalid, opOpenData, "a pace is required")
	}
	return o.download(ctx, address, known)
}

const opOpenData = "fetch open data"

// read gets the table from a file.
func (o OpenData) read(known Edition) (OpenFile, error) {
	found := OpenFile{URL: o.Source, FetchedAt: o.Clock()}
	f, err := file.Open(o.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return found, fault.New(fault.Invalid, opOpenData, "there is no file %s: sources.anvisa.open_data names it", o.Source)
	}
	if err != nil {
		return found, fault.Wrap(fault.Invalid, opOpenData, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return found, fault.Wrap(fault.Unavailable, opOpenData, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, opendata.MaxBytes+1))
	switch {
	case err != nil:
		return found, fault.Wrap(fault.Unavailable, opOpenData, err)
	case len(content) > opendata.MaxBytes:
		return found, fault.New(fault.Layout, opOpenData, "%s is longer than %d bytes", o.Source, opendata.MaxBytes)
	}
	found.keep(content)
	found.Edition = Edition{ETag: `"` + found.SHA256 + `"`, Modified: info.ModTime().UTC()}
	if found.ETag == known.ETag {
		found.Unchanged, found.Content = true, nil
	}
	return found, nil
}

func (f *OpenFile) keep(content []byte) {
	sum := sha256.Sum256(content)
	f.Content, f.SHA256 = content, hex.EncodeToString(sum[:])
}

// download gets the table from its server.
func (o OpenData) download(ctx context.Context, address *url.URL, known Edition) (OpenFile, error) {
	origin, path := address.Scheme+"://"+address.Host, address.RequestURI()
	found := OpenFile{URL: telemetry.Redact(origin + path)}
	r := request{op: opOpenData, path: path, shown: strings.TrimPrefix(found.URL, origin), bound: opendata.MaxBytes,
		conditional: known.known(), patience: openDataPatience}
	r.read = func(a answer) error {
		modified, err := http.ParseTime(a.header.Get("Last-Modified"))
		if err == nil {
			found.Modified = modified.UTC()
		}
		found.ETag = a.header.Get("ETag")
		if a.status == http.StatusNotModified {
			found.Unchanged, found.Edition = true, known
			return nil
		}
		found.keep(a.body)
		return nil
	}
	r.uncertified = func(why error) error {
		return fault.New(fault.Layout, opOpenData, "the certificate of %s is not valid (%s). Download %s by hand, and set sources.anvisa.open_data "+
			"(DRUGSLM_SOURCES_ANVISA_OPEN_DATA) to the file", address.Host, why, found.URL)
	}
	c := requester{o: Options{URL: origin, Pace: o.Pace, Clock: o.Clock, Tracer: o.Tracer}}
	client := staying(&http.Client{Transport: o.transport()})
	err := c.send(ctx, r, func(ctx context.Context, r request) (answer, error) {
		a, err := c.exchange(ctx, client, r, o.headers(ctx, known))
		found.FetchedAt = o.Clock()
		return a, err
	})
	if err != nil {
		return OpenFile{URL: found.URL, FetchedAt: found.FetchedAt}, err
	}
	return found, nil
}

func (o OpenData) transport() http.RoundTripper {
	if o.Transport == nil {
		return http.DefaultTransport
	}
	return o.Transport
}

func (o OpenData) headers(ctx context.Context, known Edition) map[string]string {
	h := map[string]string{"Accept": "text/csv, */*", "User-Agent": cmp.Or(o.UserAgent, "drugslm")}
	if known.ETag != "" {
		h["If-None-Match"] = known.ETag
	}
	if !known.Modified.IsZero() {
		h["If-Modified-Since"] = known.Modified.UTC().Format(http.TimeFormat)
	}
	if parent := telemetry.Traceparent(ctx); parent != "" {
		h["traceparent"] = parent
	}
	return h
}
