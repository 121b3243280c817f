package ocr

import (
	"context"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// installation is an installed program and its version.
type installation struct {
	path, version string
	turns         bool // it can detect orientation
}

// detectTimeout limits how long the program may take to print its version or its languages, which takes milliseconds.
const detectTimeout = 20 * time.Second

// maxLook limits that output, in bytes.
const maxLook = 64 << 10

var version = regexp.MustCompile(`(?i)\btesseract v?([0-9][0-9A-Za-z.+-]*)`)

// detect finds the program and its language, once.
func (t *Tesseract) detect(ctx context.Context) (installation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.found.path != "" {
		return t.found, nil
	}
	path, err := exec.LookPath(t.options.Program)
	if err != nil {
		return installation{}, fault.New(fault.Invalid, "", "Tesseract is not installed (%s): install the packages tesseract-ocr and %s, or set ocr.program",
			strings.TrimPrefix(err.Error(), "exec: "), packages(strings.Split(t.options.Language, "+")))
	}
	said, err := t.ask(ctx, path, "--version")
	if err != nil {
		return installation{}, err
	}
	first := version.FindStringSubmatch(said)
	if first == nil {
		return installation{}, fault.New(fault.Invalid, "", "%s is not Tesseract: it does not say so when asked for its --version", path)
	}
	known, err := t.languages(ctx, path, first[1])
	if err != nil {
		return installation{}, err
	}
	t.found = installation{path: path, version: first[1], turns: slices.Contains(known, "osd")}
	return t.found, nil
}

// languages returns the languages of the program, if they include the requested ones.
func (t *Tesseract) languages(ctx context.Context, path, version string) (known []string, err error) {
	said, err := t.ask(ctx, path, "--list-langs")
	if err != nil {
		return nil, err
	}
	known = strings.Fields(said)
	if _, list, ok := strings.Cut(said, "\n"); ok { // after a heading
		known = strings.Fields(list)
	}
	var missing []string
	for _, language := range strings.Split(t.options.Language, "+") {
		if !slices.Contains(known, language) {
			missing = append(missing, language)
		}
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "", "Tesseract %s has no data for %s (it has %s): install %s, or set ocr.language", version,
			strings.Join(missing, " and "), strings.Join(known[:min(len(known), 10)], ", "), packages(missing))
	}
	return known, nil
}

// packages returns the distribution's packages of languages.
func packages(languages []string) string {
	names := make([]string, len(languages))
	for i, language := range languages {
		names[i] = "tesseract-ocr-" + strings.ReplaceAll(strings.ToLower(language), "_", "-")
	}
	return strings.Join(names, " and ")
}

// ask runs the program to print information about itself.
func (t *Tesseract) ask(ctx context.Context, path, option string) (string, error) {
	r := run{program: path, args: []string{option}, timeout: detectTimeout, memory: t.options.Memory, limit: maxLook}
	out, err := r.once(ctx)
	if fault.KindOf(err) == fault.Corrupt { // no image can be the cause
		err = fault.New(fault.Invalid, "", "%s cannot be used: %w", path, err)
	}
	return string(out), err
}
