//go:build linux

package chaos

import (
	"bytes"
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
const changedSource = "internal/sources/anvisa/extract.go"

// Builds are the paths of workers of three releases: they differ in the code version of one asset. Beside each lies the CLI of its
// release.
type Builds struct {
	Older, Current, Newer string
}

// releases says where the workers are, and where the older and the newer one will be once they are built.
func releases(folder, current string) Builds {
	return Builds{Older: filepath.Join(folder, "older", "worker"), Current: current, Newer: filepath.Join(folder, "newer", "worker")}
}

// make builds the older and the newer release from the sources in root, with the code version of one asset one lower and one
// higher. The sources stay as they are: the compiler is given others in their place.
func (b Builds) make(ctx context.Context, family *Family, root string) error {
	for path, change := range map[string]int{b.Older: -1, b.Newer: 1} {
		if err := buildOther(ctx, family, root, filepath.Dir(path), change); err != nil {
			return err
		}
	}
	return nil
}

func buildOther(ctx context.Context, family *Family, root, folder string, change int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	source := filepath.Join(root, changedSource)
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	changed, err := withCodeVersion(text, change)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	other, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
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
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", folder+"/", "./cmd/worker", "./cmd/starter")
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &output, &output
	if err := family.Run(cmd); err != nil {
		return fmt.Errorf("build the %s release: %w: %s", filepath.Base(folder), err, &output)
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
