package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
)

// repository is the root of the module, seen from this package.
const repository = "../.."

var (
	// printedCommand begins a command in a text.
	printedCommand = regexp.MustCompile(`(?m)(?:^|[^\w/.-]|\bbin/)starter[ \t]+`)
	// afterCommand begins what does not belong to a command any more.
	afterCommand = regexp.MustCompile("[\n`|&>;#]")
	afterQuoted  = regexp.MustCompile("[\n`|&>;#\"]")
	substituted  = regexp.MustCompile(`\$\(([^()\n]+)\)`)
	fencedCode   = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	codeSpan     = regexp.MustCompile("`[^`\n]+`")
)

// TestPrintedCommands holds every command that the program prints, in a message, a help text or a report, and every one in a
// document, against the verbs and flags that there are.
func TestPrintedCommands(t *testing.T) {
	t.Parallel()
	root, checked := cli.Tree(io.Discard, io.Discard), 0
	require.NoError(t, filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != repository && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		var texts []string
		switch {
		case strings.HasSuffix(name, "_test.go"), name == "CHANGELOG.md": // which tells of verbs that are gone
			return nil
		case strings.HasSuffix(name, ".go"):
			texts = literals(t, path)
		case strings.HasSuffix(name, ".md"):
			texts = codeOf(t, path)
		}
		for _, text := range texts {
			for _, words := range commandsIn(text) {
				checked++
				if problem := unknownIn(root, words); problem != "" {
					t.Errorf("%s: %s in %q", path, problem, "starter "+strings.Join(words, " "))
				}
			}
		}
		return nil
	}))
	require.Greater(t, checked, 400)
}

// literals are the string literals of a Go file that may name commands. Those that are put together, as
// "starter runs show " + run, are one each.
func literals(t *testing.T, path string) (texts []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		literal, is := n.(*ast.BasicLit)
		if !is || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		texts = append(texts, text)
		return true
	})
	return texts
}

// codeOf is the code in a document: its blocks and spans.
func codeOf(t *testing.T, path string) (texts []string) {
	t.Helper()
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, block := range fencedCode.FindAllStringSubmatch(string(page), -1) {
		texts = append(texts, block[1])
	}
	return append(texts, codeSpan.FindAllString(fencedCode.ReplaceAllString(string(page), ""), -1)...)
}

// commandsIn gives the words after each "starter" in a text.
func commandsIn(text string) (commands [][]string) {
	text = strings.ReplaceAll(text, "\\\n", " ") // a line that goes on
	for _, m := range substituted.FindAllStringSubmatch(text, -1) {
		commands = append(commands, commandsIn(m[1])...)
	}
	text = substituted.ReplaceAllString(text, "$$OUT")
	begins := printedCommand.FindAllStringIndex(text, -1)
	for i, at := range begins {
		rest := text[at[1]:]
		if i+1 < len(begins) {
			rest = text[at[1]:begins[i+1][0]]
		}
		end := afterCommand
		if text[at[0]] == '"' {
			end = afterQuoted
		}
		if found := end.FindStringIndex(rest); found != nil {
			rest = rest[:found[0]]
		}
		if words := strings.Fields(rest); len(words) > 0 {
			commands = append(commands, words)
		}
	}
	return commands
}

var plainWord = regexp.MustCompile(`^[a-z][a-z-]*$`)

// unknownIn says which verb or flag of a command there is not; "" if there are all.
func unknownIn(root *cobra.Command, words []string) string {
	cmd := root
	for len(words) > 0 {
		var below *cobra.Command
		for _, child := range cmd.Commands() {
			if child.Name() == strings.TrimRight(words[0], ".,:)\"'") {
				below = child
			}
		}
		if below == nil {
			break
		}
		cmd, words = below, words[1:]
	}
	// "items" lists items without a verb too.
	if len(words) > 0 && plainWord.MatchString(words[0]) && cmd.HasAvailableSubCommands() && cmd.Name() != "items" {
		return cmd.CommandPath() + " has no verb " + strconv.Quote(words[0])
	}
	cmd.InitDefaultHelpFlag()
	for _, word := range words {
		name, _, _ := strings.Cut(word, "%") // a verb of fmt
		name, _, _ = strings.Cut(strings.TrimRight(name, ".,:)]\"'"), "=")
		known := true
		if long, is := strings.CutPrefix(name, "--"); is && long != "" {
			known = flagOf(cmd, func(flags *pflag.FlagSet) *pflag.Flag { return flags.Lookup(long) })
		} else if short, is := strings.CutPrefix(name, "-"); is && len(short) == 1 {
			known = flagOf(cmd, func(flags *pflag.FlagSet) *pflag.Flag { return flags.ShorthandLookup(short) })
		}
		if !known {
			return cmd.CommandPath() + " has no flag " + name
		}
	}
	return ""
}

// flagOf reports whether a verb, or the program itself, has a flag.
func flagOf(cmd *cobra.Command, lookup func(*pflag.FlagSet) *pflag.Flag) bool {
	return lookup(cmd.Flags()) != nil || lookup(cmd.Root().PersistentFlags()) != nil
}

func TestCommandsInTexts(t *testing.T) {
	t.Parallel()
	root := cli.Tree(io.Discard, io.Discard)
	for text, problem := range map[string]string{
		"starter runs show night --failed":                                    "",
		"`starter runs wait %s` waits for it":                                 "",
		"starter resume looks at once, starter runs cancel ends it":           "",
		"bin/starter plan x --save p.json && starter materialize --pln":       "starter materialize has no flag --pln",
		"starter items --state quarantined -p 5":                              "",
		"no starter rnus here":                                                `starter has no verb "rnus"`,
		"`starter backfill resum june`":                                       `starter backfill has no verb "resum"`,
		"starter materialize '*' \\\n  --fail-on-quarantin":                   "starter materialize has no flag --fail-on-quarantin",
		`starter runs wait "$(starter schedule trigger nightly)" --timeou 2h`: "starter runs wait has no flag --timeou",
		`starter runs wait "$(starter schedule triger nightly)"`:              `starter schedule has no verb "triger"`,
		"starter status -z":                                                   "starter status has no flag -z",
		"(starter --data moved status)":                                       "",
		"a service called drugslm-starter may be there, and restarter x":      "",
	} {
		found := ""
		for _, words := range commandsIn(text) {
			if p := unknownIn(root, words); p != "" {
				found = p
			}
		}
		require.Equal(t, problem, found, text)
	}
}
