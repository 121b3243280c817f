package cli_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/command"
)

// TestPathsOfTheHome types ~, ~/x and ~somebody/x for each flag and argument that takes a file or a folder: the first two are
// in the user's home, and the third is refused. Nothing is called ~.
func TestPathsOfTheHome(t *testing.T) { // not parallel: it changes the working folder and the home
	data, work, home := namedFolder(t), t.TempDir(), t.TempDir()
	t.Chdir(work)
	t.Setenv("HOME", home)
	arguments := map[string]string{"corpus export": "DIR", "leaflet parse": "FILE.pdf...", "leaflet view": "FILE.pdf"}
	with := map[string][]string{
		"materialize --plan": nil, "plan --save": {"anvisa/extract"}, "quality --html": nil, "items view --out": {"1/professional"}, "leaflet view --out": {"no.pdf"},
		"portal --listing": nil, "portal --claims": nil, "portal --leaflets": nil, "portal --state": {"--fault", "nonsense"},
		"dev --listing": nil, "dev --claims": nil, "dev --leaflets": nil, "demo --listing": nil, "demo --claims": nil, "demo --leaflets": nil,
	}
	settings := []string{"config", "source-open-data"} // and data: see package config
	about := regexp.MustCompile(`(?i)\b(this file|file to write|this folder|configuration file|CSV|folder with)\b`)
	check := func(verb string, args ...string) {
		args = append(strings.Fields(verb), args...)
		code, stdout, stderr := clitest.Run(t, data, args...)
		require.Equal(t, cli.ExitUsage, code, "%q: %s%s", args, stdout, stderr)
		require.Contains(t, stderr, "only ~/ is understood", "%q", args)
	}
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		verb := strings.Join(path(cmd), " ")
		if word, takes := arguments[verb]; takes {
			require.Contains(t, cmd.Use, " "+word)
			check(verb, "~somebody/x.pdf")
			delete(arguments, verb)
		}
		require.False(t, regexp.MustCompile(` (FILE|DIR|FOLDER|PATH)`).MatchString(strings.Split(cmd.Use, " | ")[0]) && !strings.HasPrefix(verb, "leaflet") && verb != "corpus export",
			"%q takes a file: add it to arguments", verb)
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			key := verb + " --" + f.Name
			given, listed := with[key]
			require.Equal(t, command.IsPath(f), listed, "%s: a flag that takes a file is marked with command.Paths, and has a case here", key)
			require.False(t, !listed && f.Value.Type() == "string" && about.MatchString(f.Usage), "%s speaks of a file: mark it with command.Paths", key)
			if listed {
				delete(with, key)
				check(verb, append(slices.Clone(given), "--"+f.Name, "~somebody/x")...)
			}
		})
	}
	require.Empty(t, with, "these are no flags")
	require.Empty(t, arguments, "these are no verbs")
	for _, name := range settings {
		check("status", "--"+name+"=~somebody/x")
	}

	for _, args := range [][]string{{"plan", "anvisa/extract", "--save=~/plan.json"}, {"quality", "--html", "~/report.html"}, {"items", "view", "1/professional", "--out", "~/page.html"}} {
		code, _, stderr := clitest.Run(t, data, args...)
		require.Zero(t, code, "%q: %s", args, stderr)
		name := args[len(args)-1]
		_, err := os.Stat(filepath.Join(home, name[strings.Index(name, "~/")+2:]))
		require.NoError(t, err, args)
	}
	code, _, stderr := clitest.Run(t, data, "quality", "--html", "~")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, home+" is a folder")
	left, err := os.ReadDir(work)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is made in the working folder")
}
