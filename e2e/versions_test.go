package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// version is one of what `starter versions -o json` lists.
type version struct {
	Version   int64  `json:"version"`
	Operation string `json:"operation"`
	Partition string `json:"partition"`
	RunID     string `json:"run_id"`
	Rows      int    `json:"rows"`
	Readable  bool   `json:"readable"`
	Current   bool   `json:"current"`
}

// answer runs a verb that must succeed, and reads its document into v.
func (s *site) answer(v any, args ...string) {
	s.t.Helper()
	r := s.run(append(args, "-o", "json")...)
	require.Equalf(s.t, 0, r.code, "%v: %s", args, r.stderr)
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), v), r.stdout)
}

func (s *site) versions(asset string) []version {
	s.t.Helper()
	var found struct{ Versions []version }
	s.answer(&found, "versions", asset, "--limit", "0")
	return found.Versions
}

// changes counts the rows that differ between two versions.
func (s *site) changes(asset, from, to string) int {
	s.t.Helper()
	var d struct{ Added, Removed, Changed int }
	s.answer(&d, "diff", asset, from, to, "--keys-only")
	return d.Added + d.Removed + d.Changed
}

// TestVersions goes back a day and forward again, and lets a foreign reader look.
func TestVersions(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60")
	s := startSite(t, portal, t.TempDir())
	const asset = "anvisa/download"
	s.materialize("*")
	first := s.versions(asset)
	require.NotEmpty(t, first)
	yesterday := text(first[0].Version)
	rows := s.status().rows(asset)
	portal.post("/_day")
	s.materialize("*")
	second := s.versions(asset)
	today := text(second[0].Version)
	require.Greater(t, len(second), len(first), "a new day is new versions")
	changed := s.changes(asset, yesterday, today)
	require.Positive(t, changed)

	var plan struct {
		Partitions []struct{ Older, Pending int }
	}
	s.answer(&plan, "rollback", asset, "--to", yesterday, "--dry-run")
	require.Len(t, s.versions(asset), len(second), "a dry run makes no version")
	s.answer(&plan, "rollback", asset, "--to", yesterday)
	touched := 0
	for _, p := range plan.Partitions {
		touched += p.Older + p.Pending
	}
	require.Equal(t, changed, touched, "what differs is what the next run does, and nothing else")
	back := s.versions(asset)
	require.Equal(t, "ROLLBACK", back[0].Operation)
	require.True(t, back[0].Current)
	require.Equal(t, rows, s.status().rows(asset))
	require.Zero(t, s.changes(asset, yesterday, text(back[0].Version)))
	s.audited()
	s.readBack(t, asset, yesterday)

	before := portal.log()
	s.materialize("*")
	require.Zero(t, s.changes(asset, today, text(s.versions(asset)[0].Version)), "and forward again")
	require.LessOrEqual(t, count(portal.log()[len(before):], "pdf"), touched, "what stayed the same is not fetched again")
	s.audited()

	var done struct {
		Assets []struct {
			Asset string
			Files []struct{ Path string }
		}
	}
	s.answer(&done, "vacuum", "--keep-versions", "1", "--older-than", "0s")
	require.NotEmpty(t, done.Assets)
	readable := 0
	for _, v := range s.versions(asset) {
		if v.Readable {
			readable++
		}
		require.True(t, v.Readable || !v.Current, "what readers see is never taken away")
	}
	require.Less(t, readable, len(s.versions(asset)))
	s.audited()
	s.materialize("*")
}

func text(version int64) string {
	b, _ := json.Marshal(version) // a number
	return string(b)
}

// readBack has a program that is not ours compare the newest version with an older one.
func (s *site) readBack(t *testing.T, asset, version string) {
	t.Helper()
	python := os.Getenv("DRUGSLM_PYTHON")
	if python == "" {
		t.Log("no Python with deltalake (DRUGSLM_PYTHON): not read by a foreign reader")
		return
	}
	const script = `
import sys
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
assert table.history(1)[0]["operation"] == "ROLLBACK", table.history(1)
now = sorted(map(str, table.to_pyarrow_table().to_pylist()))
then = sorted(map(str, DeltaTable(sys.argv[1], version=int(sys.argv[2])).to_pyarrow_table().to_pylist()))
assert now == then and now, (len(now), len(then))
print("same", flush=True)
import os; os._exit(0)
`
	for _, a := range s.status().Assets {
		if a.Asset != asset {
			continue
		}
		out, err := exec.Command(python, "-c", script, a.Location, version).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, "same\n", string(out))
	}
}
