package config

import (
	"strings"
	"time"
)

// Config is all that can be set. Field tags give each key's name, its [Class], and its help for documents and --help.
type Config struct {
	Data     string   `key:"data" class:"plain" help:"Folder that holds the ledger, the lake and the development server's database."`
	Sources  Sources  `key:"sources"`
	Temporal Temporal `key:"temporal"`
	Grid     Grid     `key:"grid"`
	Budget   Budget   `key:"budget"`
	Worker   Worker   `key:"worker"`
	Document Document `key:"document"`
	OCR      OCR      `key:"ocr"`
	Disk     Disk     `key:"disk"`
	Hooks    Hooks    `key:"hooks"`
	Log      Log      `key:"log"`

	Telemetry Telemetry `key:"telemetry"`

	Automation Automation `key:"automation"`
	Retention  Retention  `key:"retention"`

	// Schedules are those that the file declares, in its list "schedules". It is nil when the file has no such list, and
	// then nothing is said about which schedules there are.
	Schedules []Schedule
}

// Sources are where leaflets come from: a section for each that has settings.
type Sources struct {
	Anvisa Anvisa `key:"anvisa"`
}

// Anvisa is the agency's portal and how we show ourselves to it.
type Anvisa struct {
	URL       URL    `key:"url" class:"host" help:"The portal's origin, without a path."`
	OpenData  URL    `key:"open_data" class:"host" help:"The agency's open data of medicines: a CSV file on this machine, or an address such as https://dados.anvisa.gov.br/dados/DADOS_ABERTOS_MEDICAMENTOS.csv, whose certificate has been invalid for years. Empty or none, or an address elsewhere while sources.anvisa.url is on this machine: not observed."`
	Listing   string `key:"listing" class:"plain" help:"How products are listed: api asks the page's own JSON API, walk clicks through the table." oneof:"api walk"`
	Fetch     string `key:"fetch" class:"plain" help:"How PDFs are fetched: http with the session's cookies, page from inside the browser's page." oneof:"http page"`
	UserAgent string `key:"user_agent" class:"plain" help:"User agent to show; empty: drugslm/<version> with the contact."`
	Contact   string `key:"contact" class:"plain" help:"Mail address or page of the operator, shown in the user agent unless that is set."`
}

// Observed is where the open data is taken from; empty when it is not observed. A portal on this machine is a simulated
// one: the agency's own data says nothing about it, and is not asked for.
func (s Anvisa) Observed() string {
	address := string(s.OpenData)
	if strings.Contains(address, "://") && Loopback(string(s.URL)) && !Loopback(address) {
		return ""
	}
	return address
}

// Temporal is the cluster that runs the workflows. The TLS files are in PEM; TLS is on when TLS is set, or any of
// the files, or the API key.
type Temporal struct {
	Address   string `key:"address" class:"host" help:"Frontend, as host:port."`
	Namespace string `key:"namespace" class:"plain" help:"Namespace of the workflows."`
	TLS       bool   `key:"tls" class:"host" help:"Speak TLS; an API key or a TLS file turns it on too."`
	TLSCA     string `key:"tls_ca" class:"host" help:"File with the authorities to trust; empty: the system's."`
	TLSCert   string `key:"tls_cert" class:"host" help:"File with the client certificate, for mutual TLS."`
	TLSKey    string `key:"tls_key" class:"host" help:"File with the client certificate's key."`
	APIKey    Secret `key:"api_key" class:"secret" help:"API key of Temporal Cloud. Environment only."`
	UI        URL    `key:"ui" class:"plain" help:"Web UI, for the links that commands print; empty: no links."`
}

// UseTLS reports whether connections to the cluster are encrypted.
func (t Temporal) UseTLS() bool {
	return t.TLS || t.TLSCA != "" || t.TLSCert != "" || t.APIKey != ""
}

// Grid is where browsers come from.
type Grid struct {
	Hub       URL    `key:"hub" class:"host" help:"Selenium Grid hub, such as http://127.0.0.1:4444; empty or none: chromedriver on this machine."`
	Browser   string `key:"browser" class:"plain" help:"Browser to ask for." oneof:"chrome firefox"`
	Sessions  int    `key:"sessions" class:"plain" help:"Browser sessions that one worker may hold at a time." min:"1"`
	NoSandbox bool   `key:"no_sandbox" class:"program" help:"Run Chromium without its sandbox, as root must: a page that breaks out of the browser is then root on this machine. Better run as another user. Commands that simulate the portal do so by themselves, and say so."`

	Lease time.Duration `key:"lease" class:"plain" help:"Longest time for which one task may hold a session." min:"1"`
}

// Budget is the pace at which the source is asked, by all workers together.
type Budget struct {
	RPS float64 `key:"rps" class:"plain" help:"Requests per second to the source, all workers together; 0: no limit, for a source on this machine only." min:"0"`

	Circuit time.Duration `key:"circuit" class:"plain" help:"How long no request is sent after the source refused one; doubles up to 12 times while it refuses. 0: 10m, or 2s without a limit." min:"0"`
}

// Worker is what one worker process does.
type Worker struct {
	Queues  []string `key:"queues" class:"plain" help:"Task queues that this process serves; one that serves browser serves http as well." oneof:"orchestrate browser http extract"`
	Extract int      `key:"extract" class:"plain" help:"PDFs read at a time, each in a process of its own." min:"1"`

	Deployment string `key:"deployment" class:"plain" help:"Name of the worker deployment, for worker versioning; empty: versions are off, and any worker takes any work."`
	Build      string `key:"build" class:"plain" help:"Build id within the deployment; empty: the version of the program."`
	Promote    bool   `key:"promote" class:"plain" help:"Make this build the deployment's current one when its worker is up: new work goes to it, and backfills move to it when they next continue as new."`
}

// Document is what one PDF may use, whatever is done with it. One that needs more is quarantined, and the others continue.
type Document struct {
	Time   time.Duration `key:"time" class:"plain" help:"Longest time of work on one PDF: reading, drawing, recognising and finding sections together, up to 12m. One that takes longer is quarantined." min:"1"`
	Memory Size          `key:"memory" class:"plain" help:"Memory of the sandbox that a PDF is read and drawn in, 16MiB to 4GiB; Tesseract gets four times as much address space."`
	Pixels int           `key:"pixels" class:"plain" help:"Pixels drawn of one PDF in all, in millions: a page of A4 for Tesseract has 8.7." min:"1"`
	Text   Size          `key:"text" class:"plain" help:"Text of one PDF in all, what is recognised included, as UTF-8: up to 32MiB."`
}

// OCR is how the text in pages that are images is recognised.
type OCR struct {
	Program  string `key:"program" class:"program" help:"Tesseract, which recognises the text of scans: a name on PATH, or a path; where it is not installed, scans are needs_ocr. Empty: none are recognised."`
	Language string `key:"language" class:"plain" help:"Language of the scans by Tesseract's name for its data, several joined by +."`
}

// Disk bounds what workers store.
type Disk struct {
	Floor Size `key:"floor" class:"plain" help:"Free space to keep on the file system of the data folder: below it work waits, and continues by itself. auto: 1GiB, or a twentieth of a smaller file system; 0: none."`
	Run   Size `key:"run" class:"plain" help:"Most that one run or backfill may store, PDFs and tables. At the limit it waits until workers start with a higher one, or it is canceled. 0: no limit."`
}

// Hooks say who is told of what went wrong.
type Hooks struct {
	URL     Webhook       `key:"url" class:"host" help:"Webhook that is posted each event: https, or http on this machine; empty: none. Shown without its path, which may be secret."`
	Secret  Secret        `key:"secret" class:"secret" help:"Key that signs what is posted: whsec_ and the base64 of 24 to 64 bytes; needed unless the webhook is on this machine. Environment only."`
	Command Command       `key:"command" class:"program" help:"Program and arguments that is run with each event on standard input, without a shell; ~/ at the beginning of one is this user's home; empty: none."`
	Events  []string      `key:"events" class:"plain" help:"Events to deliver." oneof:"run_failed check_failed freshness_broken"`
	Timeout time.Duration `key:"timeout" class:"plain" help:"Longest time for one attempt to deliver an event, up to 2m." min:"1"`
}

// Log is what is written to standard error, and what is kept of each run.
type Log struct {
	Level  string `key:"level" class:"plain" help:"Least level to log." oneof:"debug info warn error"`
	Format string `key:"format" class:"plain" help:"Form of the log." oneof:"text json"`
	Run    Size   `key:"run" class:"plain" help:"Most that workers keep of the log of one run, at every level, in the folder logs of the data folder: the first lines and the newest. 0: no log of runs."`
}

// Automation is what happens by itself, as the assets' conditions and policies say.
type Automation struct {
	Mode     string        `key:"mode" class:"plain" help:"What is automatic: none; watch reports assets that are older than their policy allows; request also materializes what the assets' conditions request, which may ask the source." oneof:"none watch request"`
	Interval time.Duration `key:"interval" class:"plain" help:"How often automation evaluates, at least 1s." min:"1"`
}

// Retention says what workers forget by themselves of what the ledger keeps of the past. See `starter retention`.
type Retention struct {
	Age      time.Duration `key:"age" class:"plain" help:"How long the ledger keeps materializations, observations, results of checks, and runs and backfills that have ended; 0: for ever. The present state is always kept."`
	Keep     int           `key:"keep" class:"plain" help:"How many of the newest are kept at any age: materializations of a partition by state, results of a check of a partition, runs, backfills." min:"1"`
	Logs     time.Duration `key:"logs" class:"plain" help:"How long the logs of runs that have ended are kept, at most as long as the runs; those of the newest retention.keep runs stay. 0: as long as the runs."`
	Interval time.Duration `key:"interval" class:"plain" help:"How often a worker prunes, at least 1m." min:"1"`
}

// Telemetry is where traces are looked at. What is recorded and where it is sent is said by OTEL_* variables.
type Telemetry struct {
	TraceURL URL `key:"trace_url" class:"plain" help:"Address of a trace, with {trace_id} in place of its id, for the links that commands print; empty: no links."`
}

// Default is the configuration of one machine with nothing set: everything here, one request a second.
func Default() Config {
	return Config{
		Data:     "data",
		Sources:  Sources{Anvisa{URL: "https://consultas.anvisa.gov.br", Listing: "api", Fetch: "http"}},
		Temporal: Temporal{Address: "127.0.0.1:7233", Namespace: "default", UI: "http://127.0.0.1:8080"},
		Grid:     Grid{Browser: "chrome", Sessions: 1, Lease: 10 * time.Minute},
		Budget:   Budget{RPS: 1},
		Worker:   Worker{Queues: []string{"orchestrate", "browser", "http", "extract"}, Extract: 2},
		Document: Document{Time: 10 * time.Minute, Memory: 256 << 20, Pixels: 4000, Text: 2 << 20},
		OCR:      OCR{Program: "tesseract", Language: "por"},
		Disk:     Disk{Floor: AutoSize, Run: 64 << 30},
		Hooks:    Hooks{Events: []string{"run_failed", "check_failed", "freshness_broken"}, Timeout: 10 * time.Second},
		Log:      Log{Level: "info", Format: "text", Run: 32 << 20},

		Automation: Automation{Mode: "none", Interval: time.Minute},
		Retention:  Retention{Age: 90 * 24 * time.Hour, Keep: 100, Logs: 30 * 24 * time.Hour, Interval: time.Hour},
	}
}
