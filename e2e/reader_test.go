package e2e

import (
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata/read.py
var readTables string

// TestForeignReader opens the tables of a run with a program that is not ours.
func TestForeignReader(t *testing.T) {
	needed(t)
	t.Parallel()
	python := os.Getenv("DRUGSLM_PYTHON")
	if python == "" {
		t.Skip("no Python with deltalake (DRUGSLM_PYTHON): `make reader` installs one")
	}
	portal := startPortal(t, "--products", "30")
	s := startSite(t, portal, t.TempDir())
	s.materialize("*")
	for _, a := range s.status().Assets {
		if a.Location == "" {
			continue // it is only looked at
		}
		column := "category"
		if a.Asset == "anvisa/updates" {
			column = "day"
		}
		rows, runs := 0, map[string]bool{}
		for _, p := range a.Partitions {
			rows += p.Rows
			if p.Rows > 0 {
				runs[p.RunID] = true
			}
		}
		output, err := exec.Command(python, "-c", readTables, a.Location).Output()
		require.NoError(t, err, a.Asset)
		var read struct {
			Rows       int      `json:"rows"`
			Runs       []string `json:"runs"`
			Traces     int      `json:"traces"`
			Partition  []string `json:"partition"`
			Operations []string `json:"operations"`
		}
		require.NoError(t, json.Unmarshal(output, &read), "%s", output)
		require.Equal(t, rows, read.Rows, a.Asset)
		require.Equal(t, []string{column}, read.Partition)
		if rows > 0 { // of a day on which nothing was published there are none
			require.Positive(t, read.Traces, "every row names its trace")
		}
		for _, run := range read.Runs {
			require.True(t, runs[run], "rows of %s name run %s", a.Asset, run)
		}
		require.Contains(t, read.Operations, "MATERIALIZE")
	}
}
