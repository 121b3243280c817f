package live_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/live"
	"drugslm/internal/cli/live/livetest"
)

// hostile is what a name may be full of.
const hostile = "\x1b]0;owned\a\x1b[2J\x1b[H\u009b31m\u202Egro\u202c\u2066x\u2069\u200b\ufeff\x7f\r\n\t\x00\v\f\u2028\U000E0041\xff\xc3"

func TestRegion(t *testing.T) {
	t.Parallel()
	t.Run("repaints in place", regionRepaintsInPlace)
	t.Run("leaves nothing behind", regionLeavesNothingBehind)
	t.Run("keeps lines together that come in parts", regionKeepsLinesTogether)
	t.Run("escapes hostile text", regionEscapesHostileText)
	t.Run("cuts text that is wider than the terminal", regionCutsWideText)
	t.Run("shows the last of more lines than fit", regionShowsLastLines)
	t.Run("follows a terminal that becomes narrower", regionFollowsNarrowerTerminal)
	t.Run("shows an alert above the last line", regionShowsAlert)
}

func regionRepaintsInPlace(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 40, 10)
	r := live.New(s, s.Size)
	r.Show([]string{"a long first line", "second", "3 of 5"})
	require.Equal(t, "a long first line\nsecond\n3 of 5", s.Text())
	r.Show([]string{"short", "4 of 5"})
	require.Equal(t, "short\n4 of 5", s.Text())
	r.Show([]string{"short", "more", "and more", "5 of 5"})
	require.Equal(t, "short\nmore\nand more\n5 of 5", s.Text())
}

// regionLeavesNothingBehind writes more than a screen above lines that change: what was written is there once, in order.
func regionLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 40, 6)
	r := live.New(s, s.Size)
	want := ""
	for i := range 30 {
		r.Show([]string{fmt.Sprintf("step %d", i), strings.Repeat("=", i), fmt.Sprintf("%d of 30", i)})
		line := fmt.Sprintf("step %d ended\n", i)
		_, err := r.Write([]byte(line))
		require.NoError(t, err)
		want += line
	}
	require.Equal(t, want+"step 29\n"+strings.Repeat("=", 29)+"\n29 of 30", s.Text())
	r.Hide()
	require.Equal(t, strings.TrimSpace(want), s.Text())
	_, err := r.Write([]byte("the end\n"))
	require.NoError(t, err)
	require.Equal(t, want+"the end", s.Text())
}

func regionKeepsLinesTogether(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 40, 6)
	r := live.New(s, s.Size)
	_, err := r.Write([]byte("asked: "))
	require.NoError(t, err)
	r.Show([]string{"1 of 2"})
	_, err = r.Write([]byte("one "))
	require.NoError(t, err)
	require.Equal(t, "asked: \n1 of 2", s.Text(), "half a line waits")
	_, err = r.Write([]byte("line\nand "))
	require.NoError(t, err)
	require.Equal(t, "asked: \none line\n1 of 2", s.Text())
	r.Hide()
	require.Equal(t, "asked: \none line\nand ", s.Text())
}

// regionEscapesHostileText relies on the screen, which refuses every order but those of a region.
func regionEscapesHostileText(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 400, 10)
	r := live.New(s, s.Size)
	r.Show([]string{"name " + hostile, "last"})
	r.Alert(hostile)
	require.Len(t, strings.Split(s.Text(), "\n"), 3)
	require.Contains(t, s.Text(), `name \u001b]0;owned\u0007\u001b[2J\u001b[H\u009b31m\u202egro\u202c`)
	r.Hide()
	require.Empty(t, s.Text())
}

func regionCutsWideText(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 20, 10)
	r := live.New(s, s.Size)
	for _, wide := range []string{strings.Repeat("x", 500), strings.Repeat("漢字", 100), strings.Repeat("🙂", 100), strings.Repeat("e\u0301", 100)} {
		r.Show([]string{wide, "last"})
		lines := strings.Split(s.Text(), "\n")
		require.Len(t, lines, 2)
		require.Less(t, live.Width(lines[0]), 20)
		require.Contains(t, lines[0], "…")
	}
	r.Hide()
	require.Empty(t, s.Text())
}

func regionShowsLastLines(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 20, 4)
	r := live.New(s, s.Size)
	r.Show([]string{"1", "2", "3", "4", "5"})
	require.Equal(t, "3\n4\n5", s.Text())
	r.Hide()
	require.Empty(t, s.Text())
}

func regionFollowsNarrowerTerminal(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 60, 10)
	r := live.New(s, s.Size)
	_, err := r.Write([]byte("before\n"))
	require.NoError(t, err)
	r.Show([]string{strings.Repeat("a", 50), "last"})
	s.Resize(20)
	r.Show([]string{strings.Repeat("b", 50), "last"})
	require.Equal(t, "before\n"+strings.Repeat("b", 18)+"…\nlast", s.Text())
	s.Resize(60)
	r.Hide()
	require.Equal(t, "before", s.Text())
}

func regionShowsAlert(t *testing.T) {
	t.Parallel()
	s := livetest.New(t, 40, 10)
	r := live.New(s, s.Size)
	r.Alert("no worker polls")
	require.Empty(t, s.Text(), "nothing is shown yet")
	r.Show([]string{"step", "1 of 2"})
	require.Equal(t, "step\n  no worker polls\n1 of 2", s.Text())
	r.Alert("")
	require.Equal(t, "step\n1 of 2", s.Text())
}

func TestOn(t *testing.T) {
	t.Parallel()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, master.Close()); require.NoError(t, slave.Close()) })
	require.NoError(t, pty.Setsize(master, &pty.Winsize{Cols: 100, Rows: 30}))
	named := func(name string) func(string) string {
		return func(key string) string { return map[string]string{"TERM": name, "NO_COLOR": "1"}[key] }
	}
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })

	t.Run("takes a terminal", func(t *testing.T) {
		t.Parallel()
		r := live.On(slave, named("xterm-256color"))
		require.NotNil(t, r)
		columns, lines := r.Size()
		require.Equal(t, []int{99, 29}, []int{columns, lines})
	})
	t.Run("takes neither files nor terminals without a cursor", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, live.On(file, named("xterm")))
		require.Nil(t, live.On(&bytes.Buffer{}, named("xterm")))
		require.Nil(t, live.On(slave, named("dumb")))
		require.Nil(t, live.On(slave, named("")))
	})
}
