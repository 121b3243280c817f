// Package sources says what a source of leaflets is. It also says what a source is given to work with.
//
// A [Source] is added in one place, the list in package host. It has a package below this one, with its settings, its assets and whatever
// it needs to ask; nothing else imports that package. Its assets are listed, planned, run and checked as all others are, each host that
// it asks has a budget, and its [document.Collection] is measured, shown and taken into the corpus.
package sources

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/document"
)

// Source is where leaflets come from, as it is configured.
type Source interface {
	// Name is the group of its assets' keys, its folder below raw/ in the lake, and its section of the configuration.
	Name() string
	// Hosts are those that its assets ask, as "host" or "host:port"; the first is the one that most requests go to.
	Hosts() []string
	// Documents are the collections that it publishes.
	Documents() []document.Collection
	// Assets declares its assets, dependencies first, over what they work with. With the zero Tools they are definitions only, enough
	// to plan and to list.
	Assets(t Tools) ([]*asset.Asset, error)
}

// Tools is what a source works with.
type Tools struct {
	Pace       func(host string) (Pace, error) // the budget of one of its hosts; nil: this process asks nobody
	Browser    Browser                         // nil: this process has none, and serves no asset that needs one
	Leaflets   Files                           // the PDFs
	Quarantine Files                           // what came instead of one
	Text       document.Tools
	Evidence   Evidence
	Seen       Observations
	Tracer     trace.Tracer
}

// Pace is the permission to send requests to a host.
type Pace interface {
	// Take waits for a turn.
	Take(ctx context.Context) error
	// Report tells how the request went, once for every turn taken; err nil means well.
	Report(ctx context.Context, err error, latency time.Duration) error
}

// Page is a browser session.
type Page interface {
	// Open navigates to url and returns when its document has been read.
	Open(ctx context.Context, url string) error
	// Eval runs script, the body of an async function, and decodes what it returns from JSON into out.
	Eval(ctx context.Context, script string, out any, args ...any) error
	// Client gives an HTTP client with the session's cookies and user agent.
	Client(ctx context.Context) (*http.Client, error)
}

// Browser lends sessions.
type Browser interface {
	// With runs fn with a session of its own. The context given to fn ends when the lease does.
	With(ctx context.Context, fn func(context.Context, Page) error) error
}

// Files keeps bytes under their sha256.
type Files interface {
	// Put keeps content and gives its sha256 in hexadecimal, and whether it was new.
	Put(ctx context.Context, content []byte) (sha256 string, created bool, err error)
	// Get gives the content back.
	Get(ctx context.Context, sha256 string) ([]byte, error)
	// Path is the object's name in the lake.
	Path(sha256 string) string
}

// Evidence keeps what was seen of a source when it was not as it is known.
type Evidence interface {
	// Keep keeps files in a folder of that name, once, and gives the folder's name in the lake.
	Keep(ctx context.Context, name string, files map[string][]byte) (folder string, err error)
}

// Observations is what was seen of external assets, as the ledger keeps it.
type Observations interface {
	// Observation gives the metadata of the last look; nil when there was none.
	Observation(ctx context.Context, asset, partition string) ([]byte, error)
}
