"""Reads one table with deltalake and prints what it sees: python read.py TABLE"""
import json
import sys

from deltalake import DeltaTable

table = DeltaTable(sys.argv[1])
rows = table.to_pyarrow_table()
print(json.dumps({
    "rows": rows.num_rows,
    "runs": sorted(set(rows["run_id"].to_pylist())),
    "traces": len({t for t in rows["trace_id"].to_pylist() if len(t) == 32}),
    "partition": table.metadata().partition_columns,
    "operations": sorted({entry["operation"] for entry in table.history()}),
}))
