package pdf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain makes this test's executable the child as well: the real one, and some that misbehave.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	if err := children[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// children are the programs that this executable can be.
var children = map[string]func(args []string) error{
	"pdf-serve": func([]string) error { return Serve(context.Background(), os.Stdin, os.Stdout, handle) },
	"read-limited": func([]string) error { // reads a document, under the limits that it was started with
		self, err := os.Executable()
		if err != nil {
			return err
		}
		e, err := Open(Options{Workers: 1, MemoryPages: 1 << 16, Command: []string{self, "pdf-serve"}})
		if err != nil {
			return err
		}
		_, err = e.Extract(context.Background(), little)
		return errors.Join(err, e.Close(context.Background()))
	},
	"read-alone": readAlone,
	"no-start":   func([]string) error { return fmt.Errorf("no room\ndetails") },
	"hang": func([]string) error {
		return fake(func([]byte) error { _, err := io.Copy(io.Discard, os.Stdin); return err })
	},
	"die": func([]string) error { return fake(func([]byte) error { return fmt.Errorf("out of luck") }) },
	"flood": func([]string) error {
		return fake(func([]byte) error {
			_, err := os.Stdout.Write([]byte{0x3f, 0xff, 0xff, 0xff})
			return err
		})
	},
	"babble": func([]string) error {
		return fake(func([]byte) error { return writeFrame(os.Stdout, []byte("not JSON")) })
	},
	"images": func([]string) error {
		return fake(func([]byte) error { return writeJSON(os.Stdout, answer{Images: make([]Image, 2)}) })
	},
	"flood-images": func([]string) error {
		return fake(func([]byte) error {
			if err := writeJSON(os.Stdout, answer{Images: make([]Image, 1)}); err != nil {
				return err
			}
			_, err := os.Stdout.Write([]byte{0x3f, 0xff, 0xff, 0xff})
			return err
		})
	},
	"empty": func([]string) error { return fake(func([]byte) error { return writeJSON(os.Stdout, answer{}) }) },
	"die-once": func(args []string) error { // args: a file that tells whether it has
		return fake(func([]byte) error {
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("the first dies: %w", os.WriteFile(args[0], nil, 0o600))
			}
			return say("alive")
		})
	},
	"hang-once": func(args []string) error { // args: a file for the number of the one that hangs
		return fake(func([]byte) error {
			if _, err := os.Stat(args[0]); err == nil {
				return say("alive")
			}
			err := os.WriteFile(args[0]+".new", []byte(fmt.Sprint(os.Getpid())), 0o600)
			if err == nil {
				err = os.Rename(args[0]+".new", args[0])
			}
			_, stuck := io.Copy(io.Discard, os.Stdin)
			return errors.Join(err, stuck)
		})
	},
	"die-of-some": func([]string) error {
		return fake(func(content []byte) error {
			if bytes.Contains(content, []byte("killer")) {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return say("alive")
		})
	},
	"pid":   func([]string) error { return fake(func([]byte) error { return say(fmt.Sprint(os.Getpid())) }) },
	"spent": func([]string) error { return fake(func([]byte) error { return spent(fmt.Sprint(os.Getpid())) }) },
	"environment": func([]string) error {
		return fake(func([]byte) error { return say(strings.Join(os.Environ(), "\n")) })
	},
}

// handle answers messages, or misbehaves as they say.
func handle(message []byte) ([]byte, error) {
	switch verb, _, _ := bytes.Cut(message, []byte(" ")); string(verb) {
	case "hang":
		silent, _, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		return io.ReadAll(silent)
	case "panic":
		panic("out of luck")
	case "refuse":
		return nil, errors.New("it is not as it should be")
	case "flood":
		return make([]byte, 32<<20), nil
	case "exhaust":
		var all [][]byte
		for {
			all = append(all, bytes.Repeat([]byte{1}, 64<<20))
			if len(all) == 1<<20 {
				return all[0], nil
			}
		}
	}
	return message, nil
}

// fake keeps to the protocol but for what it does with a document.
func fake(document func([]byte) error) error {
	var s settings
	if err := readJSON(os.Stdin, maxSettings, &s); err != nil {
		return err
	}
	if err := writeJSON(os.Stdout, answer{}); err != nil {
		return err
	}
	for {
		_, content, err := receive(os.Stdin, s.MaxBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := document(content); err != nil {
			return err
		}
	}
}

func say(text string) error {
	return writeJSON(os.Stdout, answer{Document: Document{Pages: []Page{{Number: 1, Text: text}}}})
}

func spent(text string) error {
	return writeJSON(os.Stdout, answer{Document: Document{Pages: []Page{{Number: 1, Text: text}}}, Spent: true})
}

// open makes an extractor whose children are this executable's; the test closes it.
func open(t testing.TB, o Options, child ...string) *Extractor {
	t.Helper()
	if len(child) > 0 {
		self, err := os.Executable()
		require.NoError(t, err)
		o.Command = append([]string{self}, child...)
	}
	e, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close(context.WithoutCancel(t.Context()))) })
	return e
}

// asJSON shows a document where it differs.
func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return string(text)
}
