package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// recipesPage is the page whose commands are run, seen from this package.
const recipesPage = "../docs/recipes.md"

// toldElsewhere is a recipe that has a test of its own.
const toldElsewhere = "Did last night work?"

// recipe is a section of the page: its blocks of code, by language, in their order.
type recipe struct {
	title  string
	blocks []codeBlock
}

type codeBlock struct{ language, text string }

var codeFence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```")

// readRecipes reads the page.
func readRecipes(t *testing.T) (found []recipe) {
	t.Helper()
	page, err := os.ReadFile(recipesPage)
	require.NoError(t, err)
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		r := recipe{title: title}
		for _, m := range codeFence.FindAllStringSubmatch(text, -1) {
			r.blocks = append(r.blocks, codeBlock{m[1], m[2]})
		}
		if title != toldElsewhere {
			found = append(found, r)
		}
	}
	return found
}

// cook carries recipes out, one after the other, on one data folder.
type cook struct {
	*site
	t      *testing.T        // of the recipe
	portal *portalProcess    // its processes live as long as the whole test
	folder string            // in which commands are typed; the data folder is in it
	values map[string]string // of what the page calls $NAME
	lines  []string          // of the recipe
	said   []string          // what each of these printed
}

// TestRecipes promises that what docs/recipes.md tells people to type works, and does what the page says.
func TestRecipes(t *testing.T) {
	needed(t)
	t.Parallel()
	folder := t.TempDir()
	c := &cook{t: t, folder: folder, values: map[string]string{}}
	c.portal = startPortal(t, c.whole()...)
	c.site = startSite(t, c.portal, filepath.Join(folder, "data"))
	steps := cookbook()
	pages := readRecipes(t)
	require.GreaterOrEqual(t, len(pages), 15)
	for _, r := range pages {
		step, tested := steps[r.title]
		require.True(t, tested, "the recipe %q has no test", r.title)
		delete(steps, r.title)
		ok := t.Run(r.title, func(t *testing.T) {
			c.t, c.site.t, c.lines, c.said = t, t, nil, nil
			if step.before != nil {
				step.before(c)
			}
			for _, b := range r.blocks {
				c.follow(b)
			}
			require.NotEmpty(t, c.lines)
			step.after(c)
		})
		c.t, c.site.t = t, t
		if !ok {
			return // what follows builds upon it
		}
	}
	require.Empty(t, steps, "tests of recipes that are not on the page")
}

// follow does what a block says.
func (c *cook) follow(b codeBlock) {
	c.t.Helper()
	switch b.language {
	case "sh":
		for line := range strings.Lines(b.text) {
			c.typed(strings.TrimSpace(line))
		}
	case "python":
		if python := os.Getenv("DRUGSLM_PYTHON"); python != "" {
			// pyarrow's threads end a short script with an abort after everything is done.
			out := c.shell(python, "-c", b.text+"\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n")
			require.Contains(c.t, out, "count")
		} else {
			c.t.Log("no Python with deltalake (DRUGSLM_PYTHON): the Python is not run")
		}
	case "go":
		source, err := os.ReadFile("../internal/sources/anvisa/checks.go")
		require.NoError(c.t, err)
		require.Contains(c.t, string(source), strings.TrimSpace(b.text))
	default:
		require.Failf(c.t, "unknown language", "a block of %q: nobody knows how to try it", b.language)
	}
}

// typed types a line, which must go well.
func (c *cook) typed(line string) {
	c.t.Helper()
	c.lines = append(c.lines, line)
	c.said = append(c.said, c.shell("sh", "-euc", line))
}

// shell runs a program as a person would, who has starter in the PATH, and gives what it printed.
func (c *cook) shell(name string, args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), waitLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.folder
	env := []string{"PATH=" + filepath.Dir(binary(c.t, "starter")) + ":" + os.Getenv("PATH"), "DRUGSLM_TEMPORAL_ADDRESS=" + c.address()}
	for name, value := range c.values {
		env = append(env, name+"="+value)
	}
	cmd.Env = surroundings(append(c.env, env...))
	out, err := cmd.CombinedOutput()
	require.NoErrorf(c.t, err, "%v: %s", args, out)
	return string(out)
}

// says wants the nth line of the recipe to be a command, and to have printed some texts.
func (c *cook) says(n int, command string, texts ...string) {
	c.t.Helper()
	require.Contains(c.t, c.lines[n], command)
	for _, text := range texts {
		require.Contains(c.t, c.said[n], text, c.lines[n])
	}
}

// whole are the arguments of the portal as it should be.
func (c *cook) whole(faults ...string) []string {
	args := []string{"--products", "20", "--state", filepath.Join(c.folder, "portal")}
	if len(faults) > 0 {
		args = append(args, "--fault", strings.Join(faults, ","))
	}
	return args
}

// lacking starts a portal that has lost most of its products, two days long: the check of the catalog fails.
func (c *cook) lacking(day string) {
	c.t.Helper()
	c.portal.again("--products", "5", "--state", filepath.Join(c.folder, day))
	of := []string{"anvisa/index", "anvisa/catalog", "--partition", "Genérico"}
	c.materialize(of...)
	c.portal.post("/_day")
	failed := c.run(append([]string{"materialize", "--wait"}, of...)...)
	require.Equal(c.t, 1, failed.code, failed.stdout)
	require.Contains(c.t, failed.stdout, "not_dropped")
}

// category is how Genérico stands in an asset.
func (c *cook) category(asset string) (state string, version int64) {
	c.t.Helper()
	for _, a := range c.status().Assets {
		for _, p := range a.Partitions {
			if a.Asset == asset && p.Partition == "5" {
				require.NotNil(c.t, p.Version)
				return p.State, *p.Version
			}
		}
	}
	c.t.Fatalf("%s has no partition 5", asset)
	return "", 0
}

// items gives the ids of some items of Genérico.
func (c *cook) items(asset, state string) (ids []string) {
	c.t.Helper()
	var found struct{ Items []struct{ Item string } }
	c.answer(&found, "items", asset, "--partition", "5", "--state", state)
	for _, i := range found.Items {
		ids = append(ids, i.Item)
	}
	return ids
}

// number writes a version as a person types it.
func number(version int64) string { return strconv.FormatInt(version, 10) }

// moved starts everything on the copy of the data folder.
func (c *cook) moved() {
	c.t.Helper()
	s := startSite(c.t, c.portal, filepath.Join(c.folder, "moved"))
	s.materialize("anvisa/index", "--partition", "Genérico")
	require.Equal(c.t, 0, s.stop(syscall.SIGTERM))
}
