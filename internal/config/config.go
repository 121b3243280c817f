package config

import (
	"time"
)

// Config is all that can be set. Field tags give each key's name and its help for documents and --help.
type Config struct {
	Data     string   `key:"data" help:"Folder that holds the ledger, the lake and the development server's database."`
	Source   Source   `key:"source"`
	Temporal Temporal `key:"temporal"`
	Grid     Grid     `key:"grid"`
	Budget   Budget   `key:"budget"`
	Worker   Worker   `key:"worker"`
	Log      Log      `key:"log"`
}

// Source is the portal and how we show ourselves to it.
type Source struct {
	URL       string `key:"url" help:"The portal's origin, without a path."`
	Listing   string `key:"listing" help:"How products are listed: api asks the page's own JSON API, walk clicks through the table." oneof:"api walk"`
	Fetch     string `key:"fetch" help:"How PDFs are fetched: http with the session's cookies, page from inside the browser's page." oneof:"http page"`
	UserAgent string `key:"user_agent" help:"User agent to show; empty: drugslm/<version> with the contact."`
	Contact   string `key:"contact" help:"Mail address or page of whoever runs this, shown in the user agent unless that is set."`
}

// Temporal is the cluster that runs the workflows. The TLS files are in PEM; TLS is on when TLS is set, or any of
// the files, or the API key.
type Temporal struct {
	Address   string `key:"address" help:"Frontend, as host:port."`
	Namespace string `key:"namespace" help:"Namespace of the workflows."`
	TLS       bool   `key:"tls" help:"Speak TLS; an API key or a TLS file turns it on too."`
	TLSCA     string `key:"tls_ca" help:"File with the authorities to trust; empty: the system's."`
	TLSCert   string `key:"tls_cert" help:"File with the client certificate, for mutual TLS."`
	TLSKey    string `key:"tls_key" help:"File with the client certificate's key."`
	APIKey    Secret `key:"api_key" help:"API key of Temporal Cloud. Environment only."`
	UI        string `key:"ui" help:"Web UI, for the links that commands print; empty: no links."`
}

// UseTLS reports whether connections to the cluster are encrypted.
func (t Temporal) UseTLS() bool {
	return t.TLS || t.TLSCA != "" || t.TLSCert != "" || t.APIKey != ""
}

// Grid is where browsers come from.
type Grid struct {
	Hub      string        `key:"hub" help:"Selenium Grid hub, such as http://127.0.0.1:4444; empty: chromedriver on this machine."`
	Browser  string        `key:"browser" help:"Browser to ask for." oneof:"chrome firefox"`
	Sessions int           `key:"sessions" help:"Browser sessions that one worker may hold at a time." min:"1"`
	Lease    time.Duration `key:"lease" help:"Longest time for which one task may hold a session." min:"1"`
}

// Budget is the pace at which the source is asked, by all workers together.
type Budget struct {
	RPS float64 `key:"rps" help:"Requests per second to the source, all workers together; 0: no limit, for a source on this machine only." min:"0"`

	Circuit time.Duration `key:"circuit" help:"How long nothing is asked after the source refused us; doubles up to 12 times while it refuses. 0: 10m, or 2s without a limit." min:"0"`
}

// Worker is what one worker process does.
type Worker struct {
	Queues  []string `key:"queues" help:"Task queues that this process serves." oneof:"orchestrate browser extract"`
	Extract int      `key:"extract" help:"PDFs turned into text at a time, each in a process of its own." min:"1"`

	Deployment string `key:"deployment" help:"Name of the worker deployment, for worker versioning; empty: versions are off, and any worker takes any work."`
	Build      string `key:"build" help:"Build id within the deployment; empty: the version of the program."`
	Promote    bool   `key:"promote" help:"Make this build the deployment's current one when its worker is up: new work goes to it, and backfills move to it when they next continue as new."`
}

// Log is what is written to standard error.
type Log struct {
	Level  string `key:"level" help:"Least level to log." oneof:"debug info warn error"`
	Format string `key:"format" help:"Form of the log." oneof:"text json"`
}

// Default is the configuration of one machine with nothing set: everything here, one request a second.
func Default() Config {
	return Config{
		Data:     "data",
		Source:   Source{URL: "https://consultas.anvisa.gov.br", Listing: "api", Fetch: "http"},
		Temporal: Temporal{Address: "127.0.0.1:7233", Namespace: "default", UI: "http://127.0.0.1:8080"},
		Grid:     Grid{Browser: "chrome", Sessions: 1, Lease: 10 * time.Minute},
		Budget:   Budget{RPS: 1},
		Worker:   Worker{Queues: []string{"orchestrate", "browser", "extract"}, Extract: 2},
		Log:      Log{Level: "info", Format: "text"},
	}
}
