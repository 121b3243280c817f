package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	recordName   = regexp.MustCompile(`^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md$`)
	recordHead   = regexp.MustCompile(`\A# (\d{4})\. (.+)\n\n- Date: \d{4}-\d{2}-\d{2}\n- Status: (accepted|superseded by \[\d{4}\].*)\n`)
	recordStatus = regexp.MustCompile(`superseded by .*`)
)

// TestDecisionRecords checks that the records in docs/adr are numbered without gaps, have a date, a status and the usual
// headings, and are listed in the index once, with their title and status.
func TestDecisionRecords(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile(filepath.Join("adr", "README.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join("adr", "[0-9]*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, file := range files {
		name := filepath.Base(file)
		number := recordName.FindStringSubmatch(name)
		require.NotNilf(t, number, "%s: want NNNN-title.md", name)
		require.Equalf(t, fmt.Sprintf("%04d", i+1), number[1], "%s: numbers have no gap and no duplicate", name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		head := recordHead.FindStringSubmatch(string(text))
		require.NotNilf(t, head, "%s: want a title with its number, a date and a status", name)
		require.Equal(t, number[1], head[1], name)
		for _, heading := range []string{"Context", "Decision", "Consequences"} {
			require.Contains(t, string(text), "\n## "+heading+"\n", name)
		}
		line := fmt.Sprintf("| [%s](%s) | %s", head[1], name, head[2])
		require.Equalf(t, 1, strings.Count(string(index), line), "docs/adr/README.md lists %s", name)
		if status := recordStatus.FindString(head[3]); status != "" {
			require.Containsf(t, string(index), line+" ("+status+")", "docs/adr/README.md shows the status of %s", name)
		}
	}
}
