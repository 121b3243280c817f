package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/pdf"
)

// ErrTokenExpired says that the portal no longer takes a [Handle]: they live 300 s. Asking [Visit.Current] for
// one more, asked for once, works.
var ErrTokenExpired = errors.New("token expired")

const redacted = "redacted"

// Handle is the permission to fetch one PDF, good for 300 s from Current.IssuedAt. Its token is printed by nothing:
// formatted, logged or marshalled it is "redacted". The zero Handle means that there is no such leaflet.
type Handle struct {
	item   string        // product/audience: what spans and errors call it
	reveal func() string // a function, so that no printer of structs can find the token
}

// Present reports whether there is a leaflet to fetch.
func (h Handle) Present() bool { return h.reveal != nil }

// String gives "redacted".
func (h Handle) String() string { return redacted }

// Format prints "redacted" for every verb.
func (h Handle) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue gives "redacted".
func (h Handle) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON gives "redacted".
func (h Handle) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// Current is the present leaflet of a product.
type Current struct {
	Product      int64
	DocumentID   string // idDocumento: with the product, the key of a version
	Expediente   string // number of the leaflet's filing
	Patient      Handle
	Professional Handle
	IssuedAt     time.Time // by our clock, just before the handles' 300 s began
}

// Document is a PDF as the portal sent it.
type Document struct {
	Content   []byte // begins with %PDF- and ends with %%EOF, give or take 1,024 bytes; at most 64 MiB
	SourceURL string // with {token} in the token's place
	FetchedAt time.Time
	Status    int // 200
}

const placeholder = "{token}"

// Document fetches a PDF: whole, as far as lengths and the marks at its ends can tell. What is not is a fault.Corrupt,
// next to the Document with the bytes that came. A handle that is too old gives [ErrTokenExpired].
func (v *Visit) Document(ctx context.Context, h Handle) (Document, error) {
	const op = "fetch leaflet"
	if !h.Present() {
		return Document{}, fault.New(fault.NotFound, op, "there is no such leaflet")
	}
	r := request{op: op + " " + h.item, item: h.item, pdf: true, bound: MaxPDF,
		path: pathPDF + h.reveal() + "/?Authorization=Guest", shown: pathPDF + placeholder + "/"}
	r.read = func(a answer) error { return fault.Wrap(fault.Corrupt, r.op, pdf.Check(a.body)) }
	send := v.get
	if v.o.Fetch == FetchByPage {
		send = v.fetch
	} else if _, err := v.session(ctx); err != nil { // before the turn: between it and the request there is nothing to wait for
		return Document{}, fmt.Errorf("%s: %w", r.op, err)
	}
	d := Document{SourceURL: r.url(v.o.URL)}
	err := v.send(ctx, r, func(ctx context.Context, r request) (answer, error) {
		a, err := send(ctx, r)
		d.Content, d.FetchedAt, d.Status = a.body, v.o.Clock(), a.status
		return a, err
	})
	if err != nil && fault.KindOf(err) != fault.Corrupt {
		return Document{}, err
	}
	return d, err
}
