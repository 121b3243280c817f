package laketest

import (
	"fmt"

	"drugslm/internal/lake"
)

// Added is the action with which another program's commit adds a file to a table whose partition column is "category", as
// every table of ours has it. more is JSON that follows the other fields, such as `,"deletionVector":{…}`; "": none.
func Added(f lake.File, changes bool, more string) string {
	return fmt.Sprintf(`{"add":{"path":%q,"partitionValues":{"category":%q},"size":%d,"modificationTime":1,"dataChange":%t,"stats":"{\"numRecords\":%d}"%s}}`,
		f.Path, f.Partition, f.Bytes, changes, f.Rows, more)
}

// Removed is the action with which it removes one.
func Removed(f lake.File, changes bool) string {
	return fmt.Sprintf(`{"remove":{"path":%q,"deletionTimestamp":1,"dataChange":%t,"partitionValues":{"category":%q},"size":%d}}`,
		f.Path, changes, f.Partition, f.Bytes)
}
