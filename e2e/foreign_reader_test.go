package e2e

import (
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
		var declared struct {
			Column string `json:"partitioned_by"`
		}
		s.decode(&declared, "assets", "show", a.Asset)
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
		require.Equal(t, []string{declared.Column}, read.Partition)
		if rows > 0 { // of a day on which nothing was published there are none
			require.Positive(t, read.Traces, "every row names its trace")
		}
		for _, run := range read.Runs {
			require.True(t, runs[run], "rows of %s name run %s", a.Asset, run)
		}
		require.Contains(t, read.Operations, "MATERIALIZE")
	}
	corpusOpens(t, python, s)
}

//go:embed testdata/corpus.py
var readCorpus string

// corpusOpens exports the corpus of a run and opens its folder with pandas, DuckDB and the datasets library of Hugging Face.
func corpusOpens(t *testing.T, python string, s *site) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "corpus")
	done := s.run("corpus", "export", folder, "--all", "-o", "json")
	require.Equal(t, 0, done.code, done.stderr)
	var exported struct {
		Folder string
		Rows   map[string]int
		Files  []struct{ Name, SHA256 string }
	}
	require.NoError(t, json.Unmarshal([]byte(done.stdout), &exported))
	rows := 0
	for _, n := range exported.Rows {
		rows += n
	}
	require.Equal(t, s.status().rows("corpus/leaflets"), rows, "of generated leaflets none is left out")

	cmd := exec.Command(python, "-c", readCorpus, folder)
	cache := t.TempDir()
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+cache, "HF_DATASETS_CACHE="+cache)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	output, err := cmd.Output()
	require.NoError(t, err, "%s", complaints.String())
	var read struct {
		Datasets, Pandas, Duckdb map[string]int
		Licensed                 bool
	}
	require.NoError(t, json.Unmarshal(output, &read), "%s", output)
	require.Equal(t, exported.Rows, read.Datasets)
	require.Equal(t, exported.Rows, read.Pandas)
	require.Equal(t, exported.Rows, read.Duckdb)
	require.True(t, read.Licensed, "every row has a licence and an origin")
}
