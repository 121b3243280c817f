package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// paths are the keys whose value is a file or a folder.
func paths() []string {
	return []string{"data", "sources.anvisa.open_data", "temporal.tls_ca", "temporal.tls_cert", "temporal.tls_key", "ocr.program"}
}

// Expand makes a path that begins with ~/ one in the user's home, as a shell does where the path is not quoted, and not
// part of --flag=path. Another user's home is refused.
func Expand(path string) (string, error) {
	rest, tilde := strings.CutPrefix(path, "~")
	if !tilde {
		return path, nil
	}
	if rest != "" && !os.IsPathSeparator(rest[0]) {
		return "", fmt.Errorf("%s: only ~/ is understood, this user's home; write another path in full, or ./%s for a file of that name", path, path)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%s: this user has no home: %w", path, err)
	}
	return filepath.Join(home, rest), nil
}

// expandAll expands a program and those of its arguments that begin with ~/, in place: no shell does.
func expandAll(command Command) error {
	for i, word := range command {
		if i > 0 && word != "~" && !strings.HasPrefix(word, "~/") {
			continue // an argument may be anything
		}
		expanded, err := Expand(word)
		if err != nil {
			return err
		}
		command[i] = expanded
	}
	return nil
}

// Nothing is what a setting that may be empty is called where an empty value is refused: on the command line.
const Nothing = "none"

// written is the value of a key as it was written: with its path expanded, if it is one, and empty for [Nothing].
func (k Key) written(raw any, from string) (any, error) {
	text, isText := raw.(string)
	if !isText {
		return raw, nil
	}
	if text = strings.TrimSpace(text); text == "" && strings.HasPrefix(from, "--") {
		return raw, errors.New("the value is empty: is a shell variable not set?")
	}
	switch {
	case text == Nothing && (k.Name == "sources.anvisa.open_data" || k.Name == "grid.hub"):
		return "", nil
	case slices.Contains(paths(), k.Name):
		return Expand(text)
	default:
		return raw, nil
	}
}
