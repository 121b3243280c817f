"""Reads a table with programs that are not ours, and prints what they see as one JSON object.

    python verify.py TABLE VERSION PARTITION

VERSION is an earlier version to travel to. Needs deltalake and pyarrow; also reads the newest files with DuckDB,
Polars and pandas where those are installed.
"""

import importlib.util
import json
import os
import sys

import pyarrow.compute as pc
from deltalake import DeltaTable


def summary(arrow):
    return {
        "rows": arrow.num_rows,
        "ids": pc.sum(arrow["id"]).as_py() or 0,
        "letters": pc.sum(pc.utf8_length(arrow["text"])).as_py() or 0,
        "codes": pc.sum(pc.list_value_length(arrow["codes"])).as_py() or 0,
        "makers": sum(m is not None for m in arrow["maker"].to_pylist()),
        "seen": max((s.isoformat() for s in arrow["seen"].to_pylist()), default=""),
        "partitions": sorted(set(arrow["category"].to_pylist())),
    }


def read(table, **how):
    return summary(table.to_pyarrow_table(**how))


def others(table, partition):
    """Row counts and sums of ids by readers that take the plain files."""
    files = table.file_uris(file_pruning_predicate=[("category", "=", partition)])
    seen = {}
    if importlib.util.find_spec("duckdb"):
        import duckdb

        seen["duckdb"] = list(duckdb.execute("select count(*), sum(id)::bigint from read_parquet(?)", [files]).fetchone())
    if importlib.util.find_spec("polars"):
        import polars

        frame = polars.read_parquet(files, hive_partitioning=False)
        seen["polars"] = [frame.height, int(frame["id"].sum())]
    if importlib.util.find_spec("pandas"):
        import pandas

        frame = pandas.concat(pandas.read_parquet(f, partitioning=None) for f in files)
        seen["pandas"] = [len(frame), int(frame["id"].sum())]
    return seen


def main(path, version, partition):
    table = DeltaTable(path)
    fields = {f.name: f for f in table.schema().fields}
    print(json.dumps({
        "version": table.version(),
        "files": len(table.file_uris()),
        "all": read(table),
        "partition": read(table, filters=[("category", "=", partition)]),
        "past": read(DeltaTable(path, version=int(version))),
        "types": {name: json.loads(f.type.to_json()) for name, f in fields.items()},
        "comment": fields["id"].metadata.get("comment"),
        "operations": [c.get("operation") for c in table.history()],
        "run": table.history(1)[0].get("run"),
        "others": others(table, partition),
    }))


if __name__ == "__main__":
    main(*sys.argv[1:])
    # pyarrow's threads abort the interpreter now and then while it shuts down, after all is read and said.
    sys.stdout.flush()
    os._exit(0)
