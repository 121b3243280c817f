// Package lake keeps the datasets: all-or-nothing objects, tables in the Delta Lake format, and files by content.
//
// A [Store] holds objects by name. Nobody ever sees half an object, and [Store.Create] lets exactly one of several
// processes make a given name. [Dir] is the store in a folder; package laketest says what any other one must do.
//
// A [Table] is a folder of Parquet files and a log, `_delta_log`, of which files belong to it. Each commit is one new
// object in the log, made by Create, and is the only step that readers can notice: they see the table before it or
// after it. What a killed writer leaves behind are files that no commit mentions; [Table.Sweep] removes those. The log
// follows the public Delta protocol (reader version 1, writer version 2), so that Spark, DuckDB, Polars and the
// Python package deltalake read the tables as they are. Old files and the whole log are kept: any version can be
// read again, and a partition is rolled back by a commit that adds its old files and removes the new. [Table.History]
// tells every version. [Table.Hold] finds the files that only versions beyond a retention have, and [Table.Discard]
// removes them: such a version is still listed, but can no longer be read.
//
//	t := l.Table("interim/anvisa/catalog", codec, "category")
//	p, err := t.NewPart(ctx, "5", nil)  // rows, written as they come; unseen by readers
//	…p.Write(row)…
//	f, err := p.Close(ctx)              // on the disk, and still unseen
//	now, err := t.Snapshot(ctx)
//	v, err := t.Commit(ctx, lake.Change{Partition: "5", Base: now, Add: []lake.File{f}, Remove: lake.Paths(now.Files("5"))})
//
// [Lake], [Table], [Blobs] and [DirStore] are safe for several goroutines and processes; a [Snapshot] never changes.
// A [Part] belongs to one goroutine, and must be ended with Close or Abort.
//
// A missing object is fs.ErrNotExist. A full or read-only disk is of kind fault.Unavailable, broken bytes are
// fault.Corrupt, and what can never work (a bad name, a schema that does not fit) is fault.Invalid.
package lake
