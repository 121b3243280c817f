package asset

import (
	"strings"
	"testing"
	"time"
)

// FuzzPartitions types words where partitions are meant: keys, ranges, globs and names, of windows and of a list.
func FuzzPartitions(f *testing.F) {
	now := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	var sets []Keys
	for _, p := range []*Partitions{
		Daily("day", "America/Sao_Paulo", "2026-09-01"), Hourly("hour", "Europe/Lisbon", "2026-10-20"), Static("part", "1", "2", "10", "Genérico"),
	} {
		if len(p.problems) > 0 {
			f.Fatal(p.problems)
		}
		sets = append(sets, p.Keys(nil, now))
	}
	for _, word := range []string{"2026-09-03", "2026-09-03..2026-09-01", "..", "2026-09-03..", "*", "[", "[a-", "2026-10-25T01+0100..2026-10-25T01+0000", "1..10", "genérico", "?", "9999-99-99..0000-00-00", "2026-*", "\xff"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		for _, keys := range sets {
			last := -1
			for _, i := range keys.find(word) {
				if i < 0 || i >= len(keys.list) || i <= last {
					t.Fatalf("%q means %d of %d, after %d", word, i, len(keys.list), last)
				}
				last = i
			}
			if i := keys.Index(word); i >= 0 && keys.list[i].Key != word {
				t.Fatalf("%q is found as %q", word, keys.list[i].Key)
			}
		}
		if CheckPartitionKey(word) == nil && (strings.ContainsAny(word, "/,|\x00\n") || len(word) > maxPartitionKey || word == "") {
			t.Fatalf("%q is taken for a key", word)
		}
	})
}
