package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/fault"
)

// sources are where one test's settings come from.
type sources struct {
	file string            // YAML; "" for an empty file
	env  map[string]string // variables
	args []string          // command line
}

func (s sources) load(t *testing.T) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(path, []byte(s.file), 0o600))
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Flags(flags)
	require.NoError(t, flags.Parse(append(s.args, "--config", path)))
	return config.Load(config.LoadOptions{Flags: flags, Env: func(name string) string { return s.env[name] }})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := sources{}.load(t)
	require.NoError(t, err)
	require.Equal(t, config.Default(), c)
	require.NoError(t, config.Default().Validate())

	c, err = config.Load(config.LoadOptions{Env: func(string) string { return "" }})
	require.NoError(t, err, "no file is no mistake")
	require.Equal(t, config.Default(), c)
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	rps := func(c config.Config) any { return c.Budget.RPS }
	hub := func(c config.Config) any { return c.Grid.Hub }
	queues := func(c config.Config) any { return c.Worker.Queues }
	tests := []struct {
		name string
		from sources
		get  func(config.Config) any
		want any
	}{
		{"file over default", sources{file: "budget: {rps: 2}"}, rps, 2.0},
		{"environment over file", sources{file: "budget: {rps: 2}", env: map[string]string{"DRUGSLM_BUDGET_RPS": "0.5"}}, rps, 0.5},
		{"flag over environment", sources{env: map[string]string{"DRUGSLM_BUDGET_RPS": "3"}, args: []string{"--budget-rps=4"}}, rps, 4.0},
		{"flag at its default still counts", sources{file: "budget: {rps: 2}", args: []string{"--budget-rps=1"}}, rps, 1.0},
		{"a flag overrides a bad file", sources{file: "budget: {rps: x}", args: []string{"--budget-rps=1"}}, rps, 1.0},
		{"empty variable is unset", sources{file: "budget: {rps: 2}", env: map[string]string{"DRUGSLM_BUDGET_RPS": ""}}, rps, 2.0},
		{"HUB_URL", sources{env: map[string]string{"HUB_URL": "http://h:4444"}}, hub, config.URL("http://h:4444")},
		{
			"our own name before HUB_URL",
			sources{env: map[string]string{"HUB_URL": "http://h:4444", "DRUGSLM_GRID_HUB": "http://g:4444"}}, hub, config.URL("http://g:4444"),
		},
		{"list in the file", sources{file: "worker: {queues: [extract]}"}, queues, []string{"extract"}},
		{"list in a variable", sources{env: map[string]string{"DRUGSLM_WORKER_QUEUES": "browser, extract"}}, queues, []string{"browser", "extract"}},
		{"underscores", sources{file: "sources: {anvisa: {user_agent: me/1}}"}, func(c config.Config) any { return c.Sources.Anvisa.UserAgent }, "me/1"},
		{"duration", sources{file: "grid: {lease: 2m}"}, func(c config.Config) any { return c.Grid.Lease }, 2 * time.Minute},
		{"yes or no", sources{file: "temporal: {tls: true}"}, func(c config.Config) any { return c.Temporal.UseTLS() }, true},
		{"API key turns TLS on", sources{env: map[string]string{"DRUGSLM_TEMPORAL_API_KEY": "k"}}, func(c config.Config) any { return c.Temporal.UseTLS() }, true},
		{"size", sources{file: "disk: {floor: 1.5 GB, run: 0}"}, func(c config.Config) any { return c.Disk }, config.Disk{Floor: 1.5e9}},
		{"size in a variable", sources{env: map[string]string{"DRUGSLM_DISK_RUN": "64GiB", "DRUGSLM_DISK_FLOOR": "auto"}}, func(c config.Config) any { return c.Disk }, config.Disk{Floor: config.AutoSize, Run: 64 << 30}},
		{"empty section", sources{file: "budget:\n  # rps: 2\n"}, rps, 1.0},
		{
			"no limit for a source here", sources{args: []string{"--budget-rps=0", "--source-url=http://127.0.0.1:9"}}, rps, 0.0,
		},
		{"command of a hook", sources{file: "hooks: {command: [notify, a b]}"}, func(c config.Config) any { return c.Hooks.Command }, config.Command{"notify", "a b"}},
		{
			"webhook on this machine, unsigned", sources{file: "hooks: {url: 'http://127.0.0.1:9/x'}"},
			func(c config.Config) any { return c.Hooks.URL }, config.Webhook("http://127.0.0.1:9/x"),
		},
		{"localhost by name and IPv6", sources{args: []string{"--budget-rps=0", "--source-url=http://[::1]:9"}}, rps, 0.0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := tt.from.load(t)
			require.NoError(t, err)
			require.Equal(t, tt.want, tt.get(c))
		})
	}
}

func TestOpenDataObserved(t *testing.T) {
	t.Parallel()
	const agency = "https://dados.anvisa.gov.br/dados/DADOS_ABERTOS_MEDICAMENTOS.csv"
	tests := []struct {
		name string
		from sources
		want string
	}{
		{"nothing is set", sources{}, ""},
		{"the agency's", sources{args: []string{"--source-open-data=" + agency}}, agency},
		{"a file", sources{env: map[string]string{"DRUGSLM_SOURCES_ANVISA_OPEN_DATA": "/srv/medicamentos.csv"}}, "/srv/medicamentos.csv"},
		{"none by flag", sources{args: []string{"--source-open-data=none"}}, ""},
		{"none by file", sources{file: "sources: {anvisa: {open_data: ''}}"}, ""},
		{"a simulated portal has nothing to do with the agency's", sources{args: []string{"--source-url=http://127.0.0.1:9000", "--source-open-data=" + agency}}, ""},
		{
			"a simulated portal with its own",
			sources{args: []string{"--source-url=http://127.0.0.1:9000", "--source-open-data=http://127.0.0.1:9000/x.csv"}}, "http://127.0.0.1:9000/x.csv",
		},
		{"a simulated portal with a file", sources{args: []string{"--source-url=http://127.0.0.1:9000", "--source-open-data=x.csv"}}, "x.csv"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := tt.from.load(t)
			require.NoError(t, err)
			require.Equal(t, tt.want, c.Sources.Anvisa.Observed())
		})
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from sources
		want []string // each must be in the error
	}{
		{"misspelt key", sources{file: "budgett: {rps: 2}"}, []string{`no such key "budgett.rps"; there are budget.rps, `}},
		{"misspelt leaf", sources{file: "worker: {extracts: 2}"}, []string{`no such key "worker.extracts"; there are worker.extract, `}},
		{"value for a section", sources{file: "grid: http://x"}, []string{`no such key "grid"`}},
		{"section for a value", sources{file: "data: {dir: x}"}, []string{`no such key "data.dir"; there are data, `}},
		{"list for a value", sources{file: "data: [x]"}, []string{"DRUGSLM_DATA (data): want one value"}},
		{"not YAML", sources{file: "a: [:"}, []string{"c.yaml"}},
		{"no limit abroad", sources{args: []string{"--budget-rps=0"}}, []string{"DRUGSLM_BUDGET_RPS: 0 (no limit)"}},
		{"no limit for a look-alike", sources{args: []string{"--budget-rps=0", "--source-url=http://localhost.example.org"}}, []string{"DRUGSLM_BUDGET_RPS"}},
		{"open data by FTP", sources{args: []string{"--source-open-data=ftp://example.org/x.csv"}}, []string{"DRUGSLM_SOURCES_ANVISA_OPEN_DATA: is no URL"}},
		{"negative", sources{args: []string{"--budget-rps=-1"}}, []string{"DRUGSLM_BUDGET_RPS: -1 is less than 0"}},
		{"not a number", sources{env: map[string]string{"DRUGSLM_BUDGET_RPS": "NaN"}}, []string{"DRUGSLM_BUDGET_RPS: "}},
		{"half a session", sources{file: "grid: {sessions: 1.5}"}, []string{`DRUGSLM_GRID_SESSIONS (grid.sessions): "1.5" is no whole number`}},
		{"bare duration", sources{file: "grid: {lease: 30}"}, []string{`DRUGSLM_GRID_LEASE (grid.lease): "30" is no duration`}},
		{"lease of nothing", sources{file: "grid: {lease: 0s}"}, []string{"DRUGSLM_GRID_LEASE: 0s is not above 0s"}},
		{"no size", sources{file: "disk: {floor: much}"}, []string{`DRUGSLM_DISK_FLOOR (disk.floor): "much" is no size`}},
		{"negative size", sources{file: "disk: {floor: -1}"}, []string{`"-1" is no size`}},
		{"run of itself", sources{file: "disk: {run: auto}"}, []string{"DRUGSLM_DISK_RUN: want a size"}},
		{"time of a document", sources{file: "document: {time: 13m}"}, []string{"DRUGSLM_DOCUMENT_TIME: 13m0s is longer than 12m"}},
		{"memory of a document", sources{file: "document: {memory: 8MiB}"}, []string{"DRUGSLM_DOCUMENT_MEMORY: 8MiB is not 16MiB to 4GiB"}},
		{"text of a document", sources{file: "document: {text: 1GiB, pixels: 0}"}, []string{"DRUGSLM_DOCUMENT_TEXT: 1GiB is not", "DRUGSLM_DOCUMENT_PIXELS: 0 is less than 1"}},
		{"choice", sources{args: []string{"--log-level=loud"}}, []string{`DRUGSLM_LOG_LEVEL: "loud" is none of debug, info, warn, error`}},
		{"queue", sources{file: "worker: {queues: [browser, cook]}"}, []string{`DRUGSLM_WORKER_QUEUES: "cook" is none of`}},
		{"no queue", sources{file: "worker: {queues: []}"}, []string{"DRUGSLM_WORKER_QUEUES: must not be empty"}},
		{"address", sources{args: []string{"--temporal-address=here"}}, []string{"DRUGSLM_TEMPORAL_ADDRESS: "}},
		{"address with a password", sources{args: []string{"--temporal-address=https://me:s3cret@host:7233"}}, []string{"DRUGSLM_TEMPORAL_ADDRESS: is not host:port"}},
		{"certificate without key", sources{file: "temporal: {tls_cert: a.pem}"}, []string{"DRUGSLM_TEMPORAL_TLS_KEY"}},
		{"header injection", sources{file: `sources: {anvisa: {contact: "a\nb"}}`}, []string{"DRUGSLM_SOURCES_ANVISA_CONTACT: must be one line"}},
		{"webhook that is no URL", sources{file: "hooks: {url: somewhere}"}, []string{"DRUGSLM_HOOKS_URL: is no URL"}},
		{
			"webhook in the clear", sources{env: map[string]string{"DRUGSLM_HOOKS_URL": "http://example.org/s3cret"}},
			[]string{"DRUGSLM_HOOKS_URL: must be https", "DRUGSLM_HOOKS_SECRET: is needed"},
		},
		{"key of the hooks", sources{env: map[string]string{"DRUGSLM_HOOKS_SECRET": "whsec_czNjcmV0"}}, []string{"DRUGSLM_HOOKS_SECRET: is not whsec_ and the base64 of 24 to 64 bytes"}},
		{"key of the hooks in the file", sources{file: "hooks: {secret: s3cret}"}, []string{"DRUGSLM_HOOKS_SECRET (hooks.secret): secrets are read"}},
		{"unknown event", sources{file: "hooks: {events: [run_lost]}"}, []string{`DRUGSLM_HOOKS_EVENTS: "run_lost" is none of run_failed, check_failed`}},
		{"patience of a hook", sources{file: "hooks: {timeout: 3m}"}, []string{"DRUGSLM_HOOKS_TIMEOUT: 3m is more than 2m"}},
		{"command without a program", sources{file: `hooks: {command: [""]}`}, []string{"DRUGSLM_HOOKS_COMMAND: names no program"}},
		{"secret in the file", sources{file: "temporal: {api_key: s3cret}"}, []string{"DRUGSLM_TEMPORAL_API_KEY (temporal.api_key): secrets are read from the environment only"}},
		{
			"all at once",
			sources{
				file: "sauce: {url: x}\nworker: {extract: 0}", args: []string{"--source-url=nowhere"},
				env: map[string]string{"DRUGSLM_LOG_FORMAT": "xml", "HUB_URL": "h:4444", "DRUGSLM_GRID_SESSIONS": "many"},
			},
			[]string{
				`"sauce.url"; there are hooks.url, `, "DRUGSLM_WORKER_EXTRACT: 0 is less than 1", "DRUGSLM_SOURCES_ANVISA_URL: is no URL",
				"DRUGSLM_LOG_FORMAT: ", "DRUGSLM_GRID_HUB: is no URL", `DRUGSLM_GRID_SESSIONS: "many"`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.from.load(t)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestFileMustExist(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.LoadOptions{File: filepath.Join(t.TempDir(), "none.yaml")})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestDefaultFile(t *testing.T) { // not parallel: it changes the working folder
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(config.DefaultFile, []byte("data: elsewhere\nbudget: {rps: 0.5}\n"), 0o600))
	var told []string
	c, err := config.Load(config.LoadOptions{Env: none, Tell: func(text string) { told = append(told, text) }})
	require.NoError(t, err)
	require.Equal(t, "elsewhere", c.Data)
	require.Equal(t, []string{"settings of drugslm.yaml in this folder: budget.rps=0.5 data=elsewhere"}, told)

	told = nil
	secret := "budget: {rps: 2}\ntemporal: {ui: 'http://me:s3cret@ui'}\ntelemetry: {trace_url: 'http://t/{trace_id}?k=s3cret'}\n"
	require.NoError(t, os.WriteFile(config.DefaultFile, []byte(secret), 0o600))
	_, err = config.Load(config.LoadOptions{Tell: func(text string) { told = append(told, text) }, Env: func(name string) string {
		return map[string]string{"DRUGSLM_BUDGET_RPS": "1"}[name]
	}})
	require.NoError(t, err)
	require.Len(t, told, 1)
	require.Contains(t, told[0], "budget.rps (DRUGSLM_BUDGET_RPS counts)")
	require.Contains(t, told[0], "temporal.ui=http://me:xxxxx@ui")
	require.NotContains(t, told[0], "s3cret")
}

func none(string) string { return "" }

// TestFileThatIsOnlyFound sets each key in turn in a file that nobody named, as a stranger's archive may bring it along:
// none of them may say what is run, or who is asked and told.
func TestFileThatIsOnlyFound(t *testing.T) { // not parallel: it changes the working folder
	folder := t.TempDir()
	t.Chdir(folder)
	values := map[string]string{"grid.no_sandbox": "true", "temporal.tls": "true", "hooks.command": "[sh, -c, id]", "ocr.program": "./tesseract"}
	refused := 0
	for _, k := range config.Keys() {
		value := values[k.Name]
		if value == "" {
			value = k.Default
		}
		if value == "" {
			value = "https://example.org"
		}
		section, leaf, nested := strings.Cut(k.Name, ".")
		text := section + ": " + value + "\n"
		if nested {
			text = nestedIn(section, leaf, flow(k, value))
		}
		require.NoError(t, os.WriteFile(config.DefaultFile, []byte(text), 0o600))
		_, err := config.Load(config.LoadOptions{Env: none})
		if k.Class == config.Plain {
			if err != nil {
				require.NotContains(t, err.Error(), "only found", k.Name)
			}
			continue
		}
		refused++
		require.Equal(t, fault.Invalid, fault.KindOf(err), k.Name)
		require.ErrorContains(t, err, k.Name+" in drugslm.yaml: a file that is only found", k.Name)
		require.ErrorContains(t, err, "--config drugslm.yaml")
	}
	require.Equal(t, 14, refused)

	hostile := []byte("hooks: {command: [sh, -c, id]}\nocr: {program: ./tesseract}\n")
	require.NoError(t, os.WriteFile(config.DefaultFile, hostile, 0o600))
	for _, o := range []config.LoadOptions{
		{Env: none, File: config.DefaultFile},
		{Env: func(name string) string {
			return map[string]string{config.FileVariable: filepath.Join(folder, config.DefaultFile)}[name]
		}},
	} {
		o.Tell = func(string) { t.Error("who names a file knows it") }
		c, err := config.Load(o)
		require.NoError(t, err, "who names a file trusts it")
		require.Equal(t, "./tesseract", c.OCR.Program)
	}
	_, err := config.Load(config.LoadOptions{Env: func(name string) string {
		return map[string]string{config.FileVariable: config.DefaultFile}[name]
	}})
	require.ErrorContains(t, err, "absolute path")

	_, err = config.Load(config.LoadOptions{Env: func(name string) string {
		return map[string]string{"DRUGSLM_OCR_PROGRAM": "tesseract", "DRUGSLM_HOOKS_COMMAND": "true"}[name]
	}})
	require.ErrorContains(t, err, "only found", "what counts elsewhere is no reason to be silent")
}

// nestedIn writes a setting below its section.
func nestedIn(section, leaf, value string) string {
	for parts := strings.Split(leaf, "."); len(parts) > 0; parts = parts[:len(parts)-1] {
		value = "{" + parts[len(parts)-1] + ": " + value + "}"
	}
	return section + ": " + value + "\n"
}

// flow writes a value as YAML has it within braces.
func flow(k config.Key, value string) string {
	if k.Type == "list" && !strings.HasPrefix(value, "[") {
		return "[" + value + "]"
	}
	return value
}

func TestKeys(t *testing.T) {
	t.Parallel()
	t.Run("have a class", keysHaveClass)
}

func keysHaveClass(t *testing.T) {
	t.Parallel()
	for _, k := range config.Keys() {
		switch k.Class {
		case config.Plain, config.Program, config.Host:
			require.NotEqual(t, "secret", k.Type, k.Name)
			require.NotRegexp(t, `(program|command|sandbox|_bin|exec)`, map[bool]string{true: k.Name}[k.Class == config.Plain], "what is run is no plain setting")
			require.NotRegexp(t, `(^sources\.\w+\.url|address|hub|hooks\.url|endpoint|proxy|tls|cert)`, map[bool]string{true: k.Name}[k.Class == config.Plain], "who is asked is no plain setting")
		case config.Private:
			require.Equal(t, "secret", k.Type, k.Name)
		default:
			t.Errorf("%s has the class %q: say in config.go what a person who can write it may do: plain, program, host or secret", k.Name, k.Class)
		}
	}
}

func TestFormerNames(t *testing.T) {
	t.Parallel()
	url := func(c config.Config) config.URL { return c.Sources.Anvisa.URL }
	for _, tt := range []struct {
		name string
		from sources
		want config.URL
		told string // "": nobody is told
		err  string
	}{
		{"new in the file", sources{file: "sources: {anvisa: {url: http://a}}"}, "http://a", "", ""},
		{"old in the file", sources{file: "source: {url: http://a}"}, "http://a", "source.url is now sources.anvisa.url", ""},
		{"old variable", sources{env: map[string]string{"DRUGSLM_SOURCE_URL": "http://a"}}, "http://a", "DRUGSLM_SOURCE_URL is now DRUGSLM_SOURCES_ANVISA_URL", ""},
		{"old variable over the file", sources{file: "sources: {anvisa: {url: http://a}}", env: map[string]string{"DRUGSLM_SOURCE_URL": "http://b"}}, "http://b", "DRUGSLM_SOURCE_URL is now", ""},
		{"new variable over the old name in the file", sources{file: "source: {url: http://a}", env: map[string]string{"DRUGSLM_SOURCES_ANVISA_URL": "http://b"}}, "http://b", "source.url is now", ""},
		{"both, and they agree", sources{file: "source: {url: http://a}\nsources: {anvisa: {url: http://a}}"}, "http://a", "source.url is now", ""},
		{"both, and they do not", sources{file: "source: {url: http://a}\nsources: {anvisa: {url: http://b}}"}, "", "", "sources.anvisa.url and source.url have different values"},
		{
			"two variables that do not agree", sources{env: map[string]string{"DRUGSLM_SOURCE_URL": "http://a", "DRUGSLM_SOURCES_ANVISA_URL": "http://b"}}, "", "",
			"DRUGSLM_SOURCES_ANVISA_URL and DRUGSLM_SOURCE_URL have different values",
		},
		{"a mistake by the old name", sources{env: map[string]string{"DRUGSLM_SOURCE_FETCH": "mail"}}, "", "", `DRUGSLM_SOURCES_ANVISA_FETCH: "mail" is none of`},
		{"a secret is not repeated", sources{file: "source: {url: 'http://me:s3cret@a'}\nsources: {anvisa: {url: http://b}}"}, "", "", "different values"},
		{"a section of old names that is empty", sources{file: "source:\n  # url: x\n"}, config.Default().Sources.Anvisa.URL, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "c.yaml")
			require.NoError(t, os.WriteFile(path, []byte(tt.from.file), 0o600))
			var told []string
			c, err := config.Load(config.LoadOptions{File: path, Env: func(name string) string { return tt.from.env[name] }, Tell: func(text string) { told = append(told, text) }})
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				require.NotContains(t, err.Error(), "s3cret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, url(c))
			if tt.told == "" {
				require.Empty(t, told)
				return
			}
			require.Len(t, told, 1, "all in one note")
			require.Contains(t, told[0], tt.told)
		})
	}
}

// TestFormerNamesInAFileThatIsOnlyFound are trusted no more than those of today.
func TestFormerNamesInAFileThatIsOnlyFound(t *testing.T) { // not parallel: it changes the working folder
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(config.DefaultFile, []byte("source: {url: 'http://elsewhere'}\n"), 0o600))
	_, err := config.Load(config.LoadOptions{Env: none})
	require.ErrorContains(t, err, "source.url in drugslm.yaml: a file that is only found")
}
