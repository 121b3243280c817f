package lake_test

import (
	"testing"

	"drugslm/internal/lake"
)

// BenchmarkCommit is one commit of one file, checkpoints included, on a table that grows with each.
func BenchmarkCommit(b *testing.B) {
	table := tableOf[product](b, dir(b))
	f := part(b, table, "5", 1, 1)
	live := false
	for b.Loop() {
		c := lake.Change{Partition: "5", Add: []lake.File{f}}
		if live {
			c = lake.Change{Partition: "5", Remove: []string{f.Path}}
		}
		commit(b, table, c)
		live = !live
	}
}

// BenchmarkSnapshot reads a table of 1,000 files and 1,000 commits. In short mode there are 20.
func BenchmarkSnapshot(b *testing.B) {
	table := tableOf[product](b, dir(b))
	commits := 1000
	if testing.Short() {
		commits = 20
	}
	for i := range commits {
		commit(b, table, lake.Change{Partition: "5", Add: []lake.File{part(b, table, "5", i, 1)}})
	}
	for b.Loop() {
		snapshot(b, table)
	}
}
