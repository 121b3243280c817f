package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
)

// app gives an App and what it has printed so far.
func app(format string) (a *App, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &App{Stdout: stdout, Stderr: stderr, Document: stdout, Format: format}, stdout, stderr
}

// streamed is a document that is too long to be held as a whole.
type streamed struct{}

func (streamed) WriteJSON(w io.Writer) error {
	_, err := io.WriteString(w, "[]\n")
	return err
}

func TestApp(t *testing.T) {
	t.Parallel()
	document := map[string]string{"name": "a <b>"}
	t.Run("shows JSON or text", func(t *testing.T) {
		t.Parallel()
		a, stdout, stderr := app("json")
		require.True(t, a.JSON())
		require.NoError(t, a.ShowLine(document, "%s", "text"))
		require.JSONEq(t, `{"name":"a <b>"}`, stdout.String())
		a, stdout, _ = app("text")
		require.False(t, a.JSON())
		require.NoError(t, a.ShowLine(document, "%d of %s", 3, "four"))
		require.Equal(t, "3 of four\n", stdout.String())
		require.Empty(t, stderr.String())
	})
	t.Run("streams a document that writes itself", func(t *testing.T) {
		t.Parallel()
		a, stdout, _ := app("json")
		require.NoError(t, a.Show(streamed{}, func(io.Writer) error { return errors.New("not as text") }))
		require.Equal(t, "[]\n", stdout.String())
	})
	t.Run("gives the error of the text", func(t *testing.T) {
		t.Parallel()
		a, _, _ := app("text")
		broken := errors.New("disk full")
		require.ErrorIs(t, a.Show(document, func(io.Writer) error { return broken }), broken)
	})
	t.Run("notes on standard error alone", func(t *testing.T) {
		t.Parallel()
		a, stdout, stderr := app("json")
		a.Note("wrote %s", "a.html")
		require.Equal(t, "wrote a.html\n", stderr.String())
		require.Empty(t, stdout.String())
	})
}

// verb is a verb with the flags of the configuration, on a data folder.
func verb(t *testing.T, data string, annotations map[string]string) *cobra.Command {
	t.Helper()
	cmd := &cobra.Command{Use: "verb", Annotations: annotations}
	config.Flags(cmd.Flags())
	cmd.SetContext(t.Context())
	require.NoError(t, cmd.ParseFlags([]string{"--data", data}))
	return cmd
}

func TestConfig(t *testing.T) {
	t.Parallel()
	t.Run("refuses a form of output that the verb does not have", func(t *testing.T) {
		t.Parallel()
		a, _, _ := app("csv")
		_, err := a.Config(verb(t, t.TempDir(), nil))
		require.EqualError(t, err, `--output is "csv"; known: text, json`)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		_, err = a.ConfigOfItsOwn(verb(t, t.TempDir(), nil))
		require.ErrorContains(t, err, "known: text, json")
		_, err = a.Config(verb(t, t.TempDir(), map[string]string{AlsoFormat: "csv"}))
		require.NoError(t, err)
		a.Format = "xml"
		_, err = a.Config(verb(t, t.TempDir(), map[string]string{AlsoFormat: "csv"}))
		require.EqualError(t, err, `--output is "xml"; known: text, json, csv`)
	})
	t.Run("says where a key was set", func(t *testing.T) {
		t.Parallel()
		a, _, _ := app("text")
		data := t.TempDir()
		c, err := a.Config(verb(t, data, nil))
		require.NoError(t, err)
		require.Equal(t, data, c.Data)
		require.Equal(t, "--data", a.Origin["data"])
	})
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	t.Run("is refused without a ledger, and nothing is made", func(t *testing.T) {
		t.Parallel()
		for _, only := range []bool{true, false} {
			a, _, _ := app("text")
			data := filepath.Join(t.TempDir(), "none")
			err := a.ToChangeUnless(only, verb(t, data, nil), nil)
			require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
			_, err = os.Stat(data)
			require.ErrorIs(t, err, os.ErrNotExist)
		}
	})
	t.Run("is made by a verb that may be the first", func(t *testing.T) {
		t.Parallel()
		a, _, _ := app("text")
		data := filepath.Join(t.TempDir(), "new")
		broken := errors.New("of the verb")
		require.ErrorIs(t, a.ToBegin(verb(t, data, nil), func(context.Context, config.Config, *host.Data) error { return broken }), broken)
		for _, only := range []bool{true, false} {
			ran := false
			require.NoError(t, a.ToChangeUnless(only, verb(t, data, nil), func(_ context.Context, c config.Config, d *host.Data) error {
				ran = true
				require.Equal(t, data, c.Data)
				require.Equal(t, data, d.Root)
				return nil
			}))
			require.True(t, ran)
		}
	})
}
