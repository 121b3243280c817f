package nearest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
)

func TestUnknown(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("nightly-%02d", i))
	}
	for name, tt := range map[string]struct {
		typed string
		known []string
		want  string
	}{
		"names the nearest":                       {"nightl", []string{"weekly", "nightly"}, "run \"nightl\" is unknown; nearest: nightly; `starter runs list` lists them"},
		"lists few where none is like it":         {"xyz", []string{"a1", "b2"}, "run \"xyz\" is unknown; known: a1, b2; `starter runs list` lists them"},
		"names the nearest of many":               {"zzzzz", many, "run \"zzzzz\" is unknown; the nearest of 30: nightly-00, nightly-01, nightly-02; `starter runs list` lists them"},
		"says that there is none":                 {"a", nil, "run \"a\" is unknown; there is none yet; `starter runs list` lists them"},
		"shows the beginning of what is too long": {strings.Repeat("á", 1<<20), []string{"a1"}, "run \"" + strings.Repeat("á", 60) + "…\" is unknown; known: a1; `starter runs list` lists them"},
		"escapes what a terminal would obey":      {"\x1b[31m", []string{"a1"}, "run \"\\x1b[31m\" is unknown; known: a1; `starter runs list` lists them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := nearest.Unknown("run", tt.typed, tt.known, "starter runs list")
			require.EqualError(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	require.EqualError(t, nearest.Value("--state", "fialed", []string{"done", "failed"}), `--state is "fialed"; nearest: failed; known: done, failed`)
}
