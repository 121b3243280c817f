package versions

import (
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// The classes of commits that other programs make.
const (
	ClassRewrite = "rewrite" // the same rows in other files
	ClassRows    = "rows"    // rows came, went or changed
	ClassSchema  = "schema"  // the schema, the properties or the protocol
	ClassRestore = "restore" // an earlier version
)

// ForeignChange is how the files of a partition differ from what the ledger knows, because another program changed the table.
type ForeignChange struct {
	Asset     asset.Key              `json:"asset"`
	Partition string                 `json:"partition"`
	Commits   []ledger.ForeignCommit `json:"commits"`  // that may have done it, the oldest first
	Files     int                    `json:"files"`    // that the ledger does not know, or that are gone
	Known     int64                  `json:"known"`    // rows that those files had, as the ledger knows
	Rows      int64                  `json:"rows"`     // rows that they have, as the table's log says
	Followed  int                    `json:"followed"` // rows that are the same, in other files
	Changed   int                    `json:"changed"`  // rows with other values
	Missing   int                    `json:"missing"`  // rows that are gone
	Unknown   int                    `json:"unknown"`  // rows of nobody's item, and second rows of one
	Lost      int                    `json:"lost"`     // of the changed and the missing, those whose row is nowhere kept: they are made again

	base  *lake.Snapshot
	files []lake.File                // that the ledger does not know
	gone  map[string]bool            // parts that the ledger knows and the table has not
	clean map[string][]string        // file → its items, of files with nothing but rows as they should be
	dirty map[string]map[string]bool // file → the items of which it has the row, of the others
	back  map[string]map[string]bool // file that is gone → items whose row is taken from it
	kept  map[string][]byte          // items whose row is taken from the ledger
	lost  []string
	right map[string]digest // items → the row they should have
}

// Description says in a sentence what was done, and by which program.
func (d ForeignChange) Description() string {
	by := "another program changed the files"
	if n := len(d.Commits); n > 0 {
		last := d.Commits[n-1]
		by = fmt.Sprintf("version %d (%s by %s) %s", last.Version, orUnnamed(last.Operation), orUnnamed(last.Writer), did(last.Class))
		if n > 1 {
			by += fmt.Sprintf(", after %d more by others", n-1)
		}
	}
	return fmt.Sprintf("%s: %d rows where there were %d; the next run follows, and corrects what is not ours", by, d.Rows, d.Known)
}

// did says what a commit of a class did, as it says itself.
func did(class string) string {
	switch class {
	case ClassRewrite:
		return "rewrote files"
	case ClassSchema:
		return "changed the schema"
	case ClassRestore:
		return "restored an earlier version"
	default:
		return "changed rows"
	}
}

// Moved returns, by item, the files of unchanged rows that are now in other files.
func (d ForeignChange) Moved() map[string]string {
	moved := make(map[string]string, d.Followed)
	for file, ids := range d.clean {
		for _, id := range ids {
			moved[id] = file
		}
	}
	for file, ids := range d.dirty {
		for id := range ids {
			moved[id] = file
		}
	}
	return moved
}

// rewrote reports whether every row is as it was.
func (d ForeignChange) rewrote() bool { return d.Changed+d.Missing+d.Unknown == 0 }

func orUnnamed(name string) string {
	if name == "" {
		return "unnamed"
	}
	return name
}

// count tells how much differs.
func (d *ForeignChange) count(fresh []lake.File, gone map[string]bool, known map[string]int64) {
	d.Files = len(fresh) + len(gone)
	for _, f := range fresh {
		d.Rows, d.Known = d.Rows+f.Rows, d.Known+known[f.Path]
	}
	for path := range gone {
		d.Known += known[path]
	}
}
