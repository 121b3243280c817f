package api

import "drugslm/internal/rows"

// Rows is what `head` prints: each row an object, with the partition and the columns under their names in the table.
type Rows []rows.Fields
