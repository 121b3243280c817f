//go:build unix

package leaflets_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestArchive(t *testing.T) {
	t.Run("cannot run a program", archiveCannotRunProgram)
}

// archiveCannotRunProgram reads a leaflet in a folder that somebody else packed, with a configuration and a program.
func archiveCannotRunProgram(t *testing.T) { // not parallel: it changes the working folder
	file := scanned(t, "")
	folder := t.TempDir()
	t.Chdir(folder)
	ran := filepath.Join(folder, "ran")
	require.NoError(t, os.WriteFile("tesseract.sh", []byte("#!/bin/sh\ntouch "+ran+"\necho tesseract 5.3.0\n"), 0o700))
	require.NoError(t, os.WriteFile("drugslm.yaml", []byte("ocr: {program: ./tesseract.sh}\n"), 0o600))
	code, _, stderr := clitest.Run(t, t.TempDir(), "leaflet", "parse", file)
	require.Equal(t, cli.ExitUsage, code, stderr)
	require.Contains(t, stderr, "ocr.program in drugslm.yaml: a file that is only found")
	require.NoFileExists(t, ran)

	_, _, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", file, "--config", "drugslm.yaml")
	require.FileExists(t, ran, "who names the file trusts it: "+stderr)

	require.NoError(t, os.WriteFile("drugslm.yaml", []byte("ocr: {language: por}\n"), 0o600))
	code, _, stderr = clitest.Run(t, clitest.Empty(t), "status")
	require.Zero(t, code)
	require.Contains(t, stderr, "settings of drugslm.yaml in this folder: ocr.language=por")
}
