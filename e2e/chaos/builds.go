//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// codeVersion is where an asset says which version of its code it is.
var codeVersion = regexp.MustCompile(`CodeVersion:\s+"(\d+)"`)

// The source of the asset whose code version differs between the builds.
const changedSource = "internal/anvisa/extract.go"

// Builds are the paths of workers of three releases: they differ in the code version of one asset.
type Builds struct {
	Older, Current, Newer string
}

// build makes the older and the newer worker from the sources in root, with the code version of one asset one lower and one
// higher. The sources stay as they are: the compiler is given others in their place.
func build(ctx context.Context, root, folder, current string) (Builds, error) {
	b := Builds{Older: filepath.Join(folder, "worker-older"), Current: current, Newer: filepath.Join(folder, "worker-newer")}
	for path, change := range map[string]int{b.Older: -1, b.Newer: 1} {
		if err := buildOther(ctx, root, path, change); err != nil {
			return b, err
		}
	}
	return b, nil
}

func buildOther(ctx context.Context, root, path string, change int) error {
	source := filepath.Join(root, changedSource)
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	changed, err := withCodeVersion(text, change)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	other, overlay := path+".go", path+".overlay.json"
	if err := os.WriteFile(other, changed, 0o644); err != nil {
		return err
	}
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {source: other}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, replaced, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", path, "./cmd/worker")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", filepath.Base(path), err, output)
	}
	return nil
}

// withCodeVersion is a source with its one code version changed.
func withCodeVersion(source []byte, change int) ([]byte, error) {
	found := codeVersion.FindAllSubmatchIndex(source, -1)
	if len(found) != 1 {
		return nil, fmt.Errorf("it has %d code versions, want one", len(found))
	}
	from, to := found[0][2], found[0][3]
	version, err := strconv.Atoi(string(source[from:to]))
	if err != nil {
		return nil, err
	}
	changed := append([]byte{}, source[:from]...)
	changed = strconv.AppendInt(changed, int64(version+change), 10)
	return append(changed, source[to:]...), nil
}
