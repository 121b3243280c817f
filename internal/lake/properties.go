package lake

import (
	"maps"
	"strings"
)

// Table properties of our own: of which of ours a table was given once, so that what a person takes away later stays
// away, and which columns this program made, so that columns that others added can be recognised.
const (
	markProperties = "drugslm.properties"
	markColumns    = "drugslm.columns"
)

// ownProperties keep programs that maintain tables (Spark, delta-rs) from cleaning the log, and from vacuuming files, that
// `versions`, `rollback` and assets downstream still need: those are for `starter vacuum`, which knows who needs them.
// The names are those of the Delta protocol.
func ownProperties() map[string]string {
	return map[string]string{
		"delta.logRetentionDuration":         "interval 3650 days",
		"delta.deletedFileRetentionDuration": "interval 3650 days",
		"delta.enableExpiredLogCleanup":      "false",
		markProperties:                       "1",
	}
}

// withProperties gives a table's properties with ours, once; whatever is set already stays as it is.
func (t *Table) withProperties(properties map[string]string) map[string]string {
	all := make(map[string]string)
	if _, given := properties[markProperties]; !given {
		all = ownProperties()
	}
	maps.Copy(all, properties)
	columns := make([]string, len(t.codec.Columns()))
	for i, c := range t.codec.Columns() {
		columns[i] = c.Name
	}
	all[markColumns] = strings.Join(columns, ",")
	return all
}
