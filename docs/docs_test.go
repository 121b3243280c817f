// Package docs_test holds the documents against the product: tables, settings and links. Package cli holds their commands.
package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
)

var update = flag.Bool("update", false, "rewrite generated parts of documents")

// root is the repository, seen from this package.
const root = ".."

// page is a document of the repository.
type page struct {
	name string // "docs/cli.md"
	text string
}

// pages are all documents written for users and contributors.
func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			name, err := filepath.Rel(root, file)
			require.NoError(t, err)
			found = append(found, page{name, string(text)})
		}
	}
	require.GreaterOrEqual(t, len(found), 8, "documents are missing")
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href|srcset)="([^"]+)"`)
	fence   = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinks wants every relative link to lead to a file that is there, and to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			path := filepath.Join(root, filepath.Dir(p.name), file)
			if file == "" {
				path = filepath.Join(root, p.name)
			}
			_, err := os.Stat(path)
			require.NoErrorf(t, err, "%s links to %s", p.name, target)
			if anchor != "" {
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Containsf(t, slugs(string(text)), anchor, "%s links to %s", p.name, target)
			}
		}
	}
}

// slugs are the anchors of a page's headings, as GitHub makes them.
func slugs(text string) []string {
	var found []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		plain := noSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}

var (
	variable = regexp.MustCompile(`\bDRUGSLM_[A-Z_]+\b`)
	target   = regexp.MustCompile(`(?m)^(?:\$ )?(?:[A-Z_]+=\S+ )*make ([a-z-]+)`)
	rule     = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// TestVariables wants every setting that a document names to exist. Those of the tests, and those that a hook's
// command gets, are listed here.
func TestVariables(t *testing.T) {
	t.Parallel()
	known := []string{"DRUGSLM_E2E", "DRUGSLM_BIN", "DRUGSLM_SHARED", "DRUGSLM_TABLES", "DRUGSLM_TABLES_HALF", "DRUGSLM_PYTHON", "DRUGSLM_TEMPORAL_BIN", "DRUGSLM_TEST_HUB_URL", "DRUGSLM_TEST_CLOCK_OFFSET",
		"DRUGSLM_EVENT", "DRUGSLM_EVENT_ID", config.FileVariable}
	for _, k := range config.Keys() {
		known = append(known, k.Env...)
	}
	for _, p := range pages(t) {
		for _, name := range variable.FindAllString(p.text, -1) {
			if !strings.HasSuffix(name, "_") { // "DRUGSLM_" alone is the prefix of them all
				require.Contains(t, known, name, p.name)
			}
		}
	}
}

// TestTargets wants every `make` in a document to have its rule.
func TestTargets(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	var rules []string
	for _, m := range rule.FindAllStringSubmatch(string(makefile), -1) {
		rules = append(rules, m[1])
	}
	for _, p := range pages(t) {
		for _, block := range fence.FindAllStringSubmatch(p.text, -1) {
			for _, m := range target.FindAllStringSubmatch(block[1], -1) {
				require.Contains(t, rules, m[1], p.name)
			}
		}
	}
}
