// Package docstest holds the generated parts of documents against what they are generated from, or rewrites them.
package docstest

import (
	"os"
	"strings"
	"testing"
)

// Command is the command that rewrites every generated part.
const Command = "make generate"

// Section holds the part of a file between the lines "<!-- mark: begin -->" and "<!-- mark: end -->" against what it
// should be; update rewrites it instead.
func Section(t *testing.T, path, mark, want string, update bool) {
	t.Helper()
	begin, end := "<!-- "+mark+": begin -->\n", "<!-- "+mark+": end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	have, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no lines %q and %q: put them where the generated part belongs", path, strings.TrimSpace(begin), end)
	}
	compare(t, path+", part "+mark, have, want, update, func() error {
		return os.WriteFile(path, []byte(before+begin+want+end+after), 0o600) //nolint:gosec // the path is the test's own
	})
}

// File holds a whole generated file against what it should be; update rewrites it instead. One that is not there is empty.
func File(t *testing.T, path, want string, update bool) {
	t.Helper()
	have, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	compare(t, path, string(have), want, update, func() error { return os.WriteFile(path, []byte(want), 0o600) })
}

// compare compares, and rewrites or reports a difference.
func compare(t *testing.T, name, have, want string, update bool, write func() error) {
	t.Helper()
	switch {
	case have == want:
	case update:
		if err := write(); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not up to date. Run: %s\n- is there, + should be:\n%s", name, Command, Difference(have, want))
	}
}

// Difference shows how the lines of two texts differ, with one line of context: "-" begins lines of have only, "+" lines
// of want only. Equal texts give "".
func Difference(have, want string) string {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	gone, come := a[start:len(a)-end], b[start:len(b)-end]
	if len(gone)+len(come) == 0 {
		return ""
	}
	var out strings.Builder
	line := func(sign, text string) { out.WriteString(sign + text + "\n") }
	if start > 0 {
		line("  ", a[start-1])
	}
	i, j := 0, 0
	for _, pair := range common(gone, come) {
		for ; i < pair[0]; i++ {
			line("- ", gone[i])
		}
		for ; j < pair[1]; j++ {
			line("+ ", come[j])
		}
		if i < len(gone) && j < len(come) {
			line("  ", gone[i])
		}
		i, j = i+1, j+1
	}
	if end > 0 {
		line("  ", a[len(a)-end])
	}
	return out.String()
}

// common gives the longest common subsequence of two lists of lines as pairs of indexes, and their lengths at the end.
func common(a, b []string) [][2]int {
	lengths := make([][]int, len(a)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case lengths[i+1][j] >= lengths[i][j+1]:
			i++
		default:
			j++
		}
	}
	return append(pairs, [2]int{len(a), len(b)})
}
