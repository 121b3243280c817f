package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/fault"
)

// TestAnnouncedSettings takes what a running environment says in the data folder, after all that was given.
func TestAnnouncedSettings(t *testing.T) {
	t.Parallel()
	here := map[string]string{
		"temporal.address": "127.0.0.1:4001", "temporal.ui": "http://127.0.0.1:4002", "sources.anvisa.url": "http://127.0.0.1:4003",
		"sources.anvisa.open_data": "http://127.0.0.1:4003/x.csv", "budget.rps": "0",
	}
	for _, tt := range []struct {
		name      string
		args      []string
		env       map[string]string
		announced map[string]string
		want      []any // address, UI, source, pace
	}{
		{"nothing is announced", nil, nil, nil, []any{"127.0.0.1:7233", "http://127.0.0.1:8080", "https://consultas.anvisa.gov.br", 1.0}},
		{"counts before the defaults", nil, nil, here, []any{"127.0.0.1:4001", "http://127.0.0.1:4002", "http://127.0.0.1:4003", 0.0}},
		{"a flag counts more, and has another UI", []string{"--temporal-address", "127.0.0.1:9"}, nil, here,
			[]any{"127.0.0.1:9", "http://127.0.0.1:8080", "http://127.0.0.1:4003", 0.0}},
		{"a variable counts more", nil, map[string]string{"DRUGSLM_TEMPORAL_ADDRESS": "127.0.0.1:9"}, here,
			[]any{"127.0.0.1:9", "http://127.0.0.1:8080", "http://127.0.0.1:4003", 0.0}},
		{"the same address has the UI", []string{"--temporal-address", "127.0.0.1:4001"}, nil, here,
			[]any{"127.0.0.1:4001", "http://127.0.0.1:4002", "http://127.0.0.1:4003", 0.0}},
		{"no pace for a source that was given", []string{"--source-url", "https://example.org"}, nil, here,
			[]any{"127.0.0.1:4001", "http://127.0.0.1:4002", "https://example.org", 1.0}},
		{"other machines are a stranger's", nil, nil, map[string]string{
			"temporal.address": "evil.example:7233", "temporal.ui": "https://evil.example", "sources.anvisa.url": "https://evil.example", "budget.rps": "0",
		}, []any{"127.0.0.1:7233", "http://127.0.0.1:8080", "https://consultas.anvisa.gov.br", 1.0}},
		{"no address", nil, nil, map[string]string{"temporal.address": "127.0.0.1", "budget.rps": "0"},
			[]any{"127.0.0.1:7233", "http://127.0.0.1:8080", "https://consultas.anvisa.gov.br", 1.0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			config.Flags(flags)
			require.NoError(t, flags.Parse(append(tt.args, "--data", "here")))
			set := map[string]string{}
			c, err := config.Load(config.LoadOptions{
				Flags: flags, Env: func(name string) string { return tt.env[name] }, Set: set,
				Found: func(data string) (map[string]string, error) {
					require.Equal(t, "here", data)
					return tt.announced, nil
				},
			})
			require.NoError(t, err)
			require.Equal(t, tt.want, []any{c.Temporal.Address, string(c.Temporal.UI), string(c.Sources.Anvisa.URL), c.Budget.RPS})
			require.Equal(t, "--data", set["data"])
		})
	}
	_, err := config.Load(config.LoadOptions{Env: func(string) string { return "" }, Found: func(string) (map[string]string, error) {
		return nil, errors.New("dev.json is a pipe")
	}})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "dev.json is a pipe")
}

// TestHome writes paths as people do for a shell.
func TestHome(t *testing.T) { // not parallel: it sets HOME
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, tt := range []struct {
		name string
		from sources
		want string
	}{
		{"by flag", sources{args: []string{"--data=~/drugslm"}}, filepath.Join(home, "drugslm")},
		{"by variable", sources{env: map[string]string{"DRUGSLM_DATA": "~/drugslm"}}, filepath.Join(home, "drugslm")},
		{"by file", sources{file: "data: ~/drugslm"}, filepath.Join(home, "drugslm")},
		{"the home itself", sources{args: []string{"--data", "~"}}, home},
		{"a folder that is called so", sources{args: []string{"--data", "./~"}}, "./~"},
		{"in the middle", sources{args: []string{"--data", "a/~/b"}}, "a/~/b"},
	} {
		c, err := tt.from.load(t)
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, c.Data, tt.name)
	}
	c, err := sources{env: map[string]string{"DRUGSLM_SOURCES_ANVISA_OPEN_DATA": "~/x.csv", "DRUGSLM_OCR_PROGRAM": "~/bin/tesseract"}}.load(t)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(home, "x.csv"), filepath.Join(home, "bin/tesseract")}, []string{string(c.Sources.Anvisa.OpenData), c.OCR.Program})
	for _, bad := range []sources{{args: []string{"--data", "~root/x"}}, {env: map[string]string{"DRUGSLM_DATA": "~root"}}, {file: "data: ~x/y"}} {
		_, err := bad.load(t)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "only ~/ is understood")
	}
	require.NoError(t, os.WriteFile(filepath.Join(home, "c.yaml"), []byte("data: named\n"), 0o600))
	c, err = config.Load(config.LoadOptions{Env: func(name string) string { return map[string]string{config.FileVariable: "~/c.yaml"}[name] }})
	require.NoError(t, err)
	require.Equal(t, "named", c.Data)
}

// TestEmptyFlagsAreRefused is for programs that register the flags themselves, as the worker does.
func TestEmptyFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"data", "source-url", "source-open-data", "temporal-address", "hub-url", "budget-rps", "log-level"} {
		_, err := sources{args: []string{"--" + name, " "}}.load(t)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.ErrorContains(t, err, "(--"+name+"): the value is empty")
	}
	c, err := sources{env: map[string]string{"HUB_URL": "http://127.0.0.1:4444"}, args: []string{"--hub-url", "none"}}.load(t)
	require.NoError(t, err)
	require.Empty(t, c.Grid.Hub, "none is the word for it")
}

func TestTheProgramOfHooks(t *testing.T) {
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	c, err := sources{file: "hooks: {command: [~/bin/told, --log, ~/told.log, ~x, a~]}"}.load(t)
	require.NoError(t, err)
	require.Equal(t, config.Command{filepath.Join(home, "bin/told"), "--log", filepath.Join(home, "told.log"), "~x", "a~"}, c.Hooks.Command, "no shell expands ~/ there")
	_, err = sources{file: "hooks: {command: [~root/told]}"}.load(t)
	require.ErrorContains(t, err, "only ~/ is understood")
}
