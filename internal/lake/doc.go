// Package lake stores the datasets: objects by name, tables in the Delta Lake format, files by content.
//
// A [Store] holds objects by name. A reader never sees half an object. If several processes create the same name, [Store.Create]
// succeeds in exactly one of them. [Dir] is the store in a folder; package laketest tests the behavior that every store must have.
//
// A [Table] is a folder of Parquet files with a log, `_delta_log`, of the files that belong to it. A commit is one new object in
// the log, made by Create. It is the only step that readers notice: they see the table before it or after it. A killed writer
// leaves files that no commit mentions; [Table.Sweep] removes those. The log follows the public Delta protocol (reader version 1,
// writer version 2), so Spark, DuckDB, Polars and the Python package deltalake read the tables. Old files and the whole log are
// kept: any version can be read again, and a commit that adds the old files of a partition and removes the new ones rolls it back.
// [Table.History] lists every version. [Table.PlanVacuum] finds the files that only versions beyond a retention need, and [Table.DeleteFiles]
// deletes them: such a version is still listed, but can no longer be read.
//
//	t := l.Table("interim/anvisa/catalog", codec, "category")
//	p, err := t.NewPart(ctx, "5", nil)  // rows are written as they come; readers do not see them
//	…p.Write(row)…
//	f, err := p.Close(ctx)              // durable, and still not visible
//	now, err := t.Snapshot(ctx)
//	v, err := t.Commit(ctx, lake.Change{Partition: "5", Base: now, Add: []lake.File{f}, Remove: lake.Paths(now.Files("5"))})
//
// [Lake], [Table], [Blobs] and [DirStore] are safe for use by several goroutines and processes. A [Snapshot] never changes. A
// [FileWriter] belongs to one goroutine, which must call Close or Abort.
//
// A missing object is fs.ErrNotExist. A full or read-only disk is of kind fault.Unavailable, damaged bytes are fault.Corrupt, and
// what can never work (a bad name, a schema that does not fit) is fault.Invalid.
package lake
