package lake_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/rows"
)

type product struct {
	ID    int64     `parquet:"id" doc:"The product's number."`
	Name  string    `parquet:"name,dict"`
	Text  string    `parquet:"text" rows:"text"`
	Seen  time.Time `parquet:"seen,timestamp(microsecond)"`
	Codes []string  `parquet:"codes,list"`
	Maker *maker    `parquet:"maker,optional"`
}

type maker struct {
	Name string `parquet:"name"`
	City string `parquet:"city,optional"`
}

func codecOf[T any](t testing.TB) rows.Codec {
	t.Helper()
	c, err := rows.Of[T]()
	require.NoError(t, err)
	return c
}

func tableOf[T any](t testing.TB, s lake.Store) *lake.Table {
	return lake.New(s).Table("interim/anvisa/catalog", codecOf[T](t), "category")
}

func newProduct(id int) product {
	p := product{
		ID: int64(id), Name: fmt.Sprint("product ", id), Text: strings.Repeat("ção ", id%5), Codes: []string{"a", fmt.Sprint(id)},
		Seen: time.Date(2026, 11, 23, 0, 0, id, 0, time.UTC),
	}
	if id%2 == 0 {
		p.Maker = &maker{Name: "m", City: "São Paulo"}
	}
	return p
}

// part stages n products, with ids from first.
func part(t testing.TB, table *lake.Table, partition string, first, n int) lake.File {
	t.Helper()
	p, err := table.NewFile(t.Context(), partition, map[string]string{"run": "r1"})
	require.NoError(t, err)
	defer p.Abort()
	for i := range n {
		require.NoError(t, p.Write(newProduct(first+i)))
	}
	f, err := p.Close(t.Context())
	require.NoError(t, err)
	return f
}

func commit(t testing.TB, table *lake.Table, c lake.Change) int64 {
	t.Helper()
	v, err := table.Commit(t.Context(), c)
	require.NoError(t, err)
	return v
}

func snapshot(t testing.TB, table *lake.Table) *lake.Snapshot {
	t.Helper()
	s, err := table.Snapshot(t.Context())
	require.NoError(t, err)
	return s
}

// ids reads a whole partition.
func ids(t testing.TB, table *lake.Table, s *lake.Snapshot, partition string) []int64 {
	t.Helper()
	got := []int64{}
	for _, f := range s.Files(partition) {
		n := int64(0)
		for row, err := range table.Rows(t.Context(), f) {
			require.NoError(t, err)
			got = append(got, row.(product).ID)
			n++
		}
		require.Equal(t, f.Rows, n)
	}
	return got
}

func TestPublishReplaceRollback(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	require.Equal(t, "interim/anvisa/catalog", table.Location())
	none := snapshot(t, table)
	require.EqualValues(t, -1, none.Version)
	require.Empty(t, none.Files(""))

	a := part(t, table, "5", 1, 3)
	require.EqualValues(t, -1, snapshot(t, table).Version, "a closed part is unseen")
	require.EqualValues(t, 0, commit(t, table, lake.Change{Partition: "5", Base: none, Add: []lake.File{a}}))
	require.EqualValues(t, 1, commit(t, table, lake.Change{Partition: "6", Add: []lake.File{part(t, table, "6", 100, 2)}}))
	b := part(t, table, "5", 11, 2)
	now := snapshot(t, table)
	require.EqualValues(t, 2, commit(t, table, lake.Change{Partition: "5", Base: now, Add: []lake.File{b}, Remove: lake.Paths(now.Files("5"))}))

	now = snapshot(t, table)
	require.Equal(t, []string{"5", "6"}, now.Partitions())
	require.Equal(t, []int64{11, 12}, ids(t, table, now, "5"))
	require.Equal(t, []int64{100, 101}, ids(t, table, now, "6"))

	old, err := table.SnapshotAt(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3}, ids(t, table, old, "5"))
	back := lake.Change{Partition: "5", Add: old.Files("5"), Remove: lake.Paths(now.Files("5")), Info: lake.CommitInfo{Operation: "rollback"}}
	require.EqualValues(t, 3, commit(t, table, back))
	require.Equal(t, []int64{1, 2, 3}, ids(t, table, snapshot(t, table), "5"))

	for _, missing := range []int64{-1, 4, 1000} {
		_, err = table.SnapshotAt(t.Context(), missing)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func TestWithoutPartitions(t *testing.T) {
	t.Parallel()
	table := lake.New(dir(t)).Table("processed/all", codecOf[product](t), "")
	commit(t, table, lake.Change{Add: []lake.File{part(t, table, "", 1, 2)}})
	s := snapshot(t, table)
	require.Empty(t, s.Partitions())
	require.Equal(t, []int64{1, 2}, ids(t, table, s, ""))
	_, err := table.NewFile(t.Context(), "5", nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = tableOf[product](t, dir(t)).NewFile(t.Context(), "", nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestPartitionValuesOfAnyKind(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	values := []string{"a b", "ção", "50%", "a/b", "..", "x=y", "a:b", "%2F", `"quoted"`, "日本"}
	for i, v := range values {
		f := part(t, table, v, i, 1)
		require.Equal(t, 1, strings.Count(f.Path, "/"), f.Path)
		commit(t, table, lake.Change{Partition: v, Add: []lake.File{f}})
	}
	s := snapshot(t, table)
	require.ElementsMatch(t, values, s.Partitions())
	for i, v := range values {
		require.Equal(t, []int64{int64(i)}, ids(t, table, s, v))
	}
}

func TestCommitInfoIsKept(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	want := lake.CommitInfo{
		Operation: "publish", Run: "run-1", Trace: "0af7651916cd43dd8448eb211c80319c", CodeVersion: "v3", Snapshot: "2026-11-23T04:00",
		Upstream: map[string]int64{"anvisa/index": 12}, Rows: 3, Checks: map[string]string{"complete": "passed"},
		Time: time.Date(2026, 11, 23, 6, 0, 0, 5e6, time.UTC), Engine: "drugslm",
	}
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", 1, 3)}, Info: want})
	for i := range 25 { // over two checkpoints, each version keeps its own
		info := want
		info.Rows = int64(i)
		v := commit(t, table, lake.Change{Partition: "5", App: "a", Txn: int64(i), Info: info})
		require.Equal(t, info, snapshot(t, table).Info)
		s, err := table.SnapshotAt(t.Context(), v)
		require.NoError(t, err)
		require.Equal(t, info, s.Info)
		require.Equal(t, info.Time, s.Time)
	}
	first, err := table.SnapshotAt(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, want, first.Info)
}

func TestTxnMakesACommitRepeatable(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	c := lake.Change{Partition: "5", Add: []lake.File{part(t, table, "5", 1, 3)}, App: "catalog/5", Txn: 7}
	first := commit(t, table, c)
	require.EqualValues(t, 7, snapshot(t, table).Txn("catalog/5"))
	require.EqualValues(t, -1, snapshot(t, table).Txn("other"))
	for i := range 15 {
		commit(t, table, lake.Change{Partition: "6", App: "catalog/6", Txn: int64(i)})
	}
	require.Equal(t, first, commit(t, table, c), "the version of the first time")
	next := lake.Change{Partition: "5", App: "catalog/5", Txn: 9}
	second := commit(t, table, next)
	require.Equal(t, first, commit(t, table, c))
	require.Equal(t, second, commit(t, table, next))
	_, err := table.Commit(t.Context(), lake.Change{Partition: "5", App: "catalog/5", Txn: 8})
	require.ErrorIs(t, err, lake.ErrConflict)
	require.EqualValues(t, 16, snapshot(t, table).Version)
}

func TestCommitRefuses(t *testing.T) {
	t.Parallel()
	table := tableOf[product](t, dir(t))
	f := part(t, table, "5", 1, 3)
	base := snapshot(t, table)
	commit(t, table, lake.Change{Partition: "5", Add: []lake.File{f}})
	ghost, wrong := f, f
	ghost.Path = "category=5/part-none.zstd.parquet"
	wrong.Bytes++
	tests := []struct {
		name   string
		change lake.Change
		is     error
		kind   fault.Kind
	}{
		{"a file already gone", lake.Change{Partition: "5", Remove: []string{ghost.Path}}, lake.ErrConflict, fault.Internal},
		{"a file already there", lake.Change{Partition: "5", Add: []lake.File{f}}, lake.ErrConflict, fault.Internal},
		{"a base that is past", lake.Change{Partition: "5", Base: base}, lake.ErrConflict, fault.Internal},
		{"a file that does not exist", lake.Change{Partition: "5", Add: []lake.File{ghost}}, fs.ErrNotExist, fault.Internal},
		{"a file of another size", lake.Change{Partition: "5", Add: []lake.File{wrong}}, nil, fault.Corrupt},
		{"a file of another partition", lake.Change{Partition: "6", Add: []lake.File{f}}, nil, fault.Invalid},
		{"removing from another partition", lake.Change{Partition: "6", Remove: []string{f.Path}}, nil, fault.Invalid},
		{"no partition", lake.Change{}, nil, fault.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := table.Commit(t.Context(), tt.change)
			require.Error(t, err)
			require.Equal(t, tt.kind, fault.KindOf(err), err)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.EqualValues(t, 0, snapshot(t, table).Version)
		})
	}
}

func TestSchemaGrows(t *testing.T) {
	t.Parallel()
	type v1 struct {
		A int64 `parquet:"a"`
	}
	type v2 struct {
		A int64   `parquet:"a" doc:"now described"`
		B *string `parquet:"b,optional"`
	}
	type required struct {
		A int64  `parquet:"a"`
		C string `parquet:"c"`
	}
	type retyped struct {
		A string `parquet:"a"`
	}
	type clash struct {
		A        int64  `parquet:"a"`
		Category string `parquet:"category,optional"`
	}
	s := dir(t)
	stage := func(table *lake.Table, row any) lake.Change {
		p, err := table.NewFile(t.Context(), "5", nil)
		require.NoError(t, err)
		require.NoError(t, p.Write(row))
		f, err := p.Close(t.Context())
		require.NoError(t, err)
		return lake.Change{Partition: "5", Add: []lake.File{f}}
	}
	old := tableOf[v1](t, s)
	commit(t, old, stage(old, v1{1}))
	fresh, b := tableOf[v2](t, s), "b"
	commit(t, fresh, stage(fresh, v2{2, &b}))
	var got []any
	for _, f := range snapshot(t, fresh).Files("") {
		for row, err := range fresh.Rows(t.Context(), f) {
			require.NoError(t, err)
			got = append(got, row)
		}
	}
	require.ElementsMatch(t, []any{v2{A: 1}, v2{2, &b}}, got)

	tests := []struct {
		name  string
		table *lake.Table
		row   any
		kind  fault.Kind
		want  string
	}{
		{"older code", old, v1{3}, fault.CodeVersion, "the table's column b is missing from the rows: newer code has written the table"},
		{"required column", tableOf[required](t, s), required{}, fault.Invalid, "the new column c must be optional"},
		{"another type", tableOf[retyped](t, s), retyped{}, fault.Invalid, `column a is "long" in the table and "string" in the rows`},
		{"the partition's name", tableOf[clash](t, s), clash{}, fault.Invalid, "is also a column of the rows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.table.Commit(t.Context(), stage(tt.table, tt.row))
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.kind, fault.KindOf(err))
		})
	}
	_, err := lake.New(s).Table(old.Location(), codecOf[v2](t), "day").Commit(t.Context(), lake.Change{Partition: "1"})
	require.ErrorContains(t, err, "partitioned by")
}
