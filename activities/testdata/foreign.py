"""Changes Delta tables as another program would. Reads one JSON object a line, {"do": …, "table": …, …}, and answers each
with one line: {} or {"error": …}. Needs deltalake and pyarrow."""

import json
import sys

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def compact(path, ask):
    DeltaTable(path).optimize.compact()


def zorder(path, ask):
    DeltaTable(path).optimize.z_order(["id"])


def delete(path, ask):
    DeltaTable(path).delete(ask["where"])


def update(path, ask):
    DeltaTable(path).update(new_values={"content": ask["content"]}, predicate=ask["where"])


def rows(path, ask):
    """One row of the table, under another id or once more."""
    table = DeltaTable(path).to_pyarrow_table().slice(0, 1)
    if "id" in ask:
        table = table.set_column(table.schema.get_field_index("id"), "id", pa.array([ask["id"]]))
    if "partition" in ask:
        table = table.set_column(table.schema.get_field_index("category"), "category", pa.array([ask["partition"]], pa.string()))
    return table


def append(path, ask):
    write_deltalake(path, rows(path, ask), mode="append")


def merge_schema(path, ask):
    table = rows(path, ask)
    table = table.append_column("nota", pa.array(["x"] * table.num_rows))
    write_deltalake(path, table, mode="append", schema_mode="merge")


def vacuum(path, ask):
    DeltaTable(path).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def checkpoint(path, ask):
    DeltaTable(path).create_checkpoint()


def cleanup(path, ask):
    table = DeltaTable(path)
    table.create_checkpoint()
    table.cleanup_metadata()


def restore(path, ask):
    DeltaTable(path).restore(ask["version"])


def version(path, ask):
    return DeltaTable(path).version()


def constraint(path, ask):
    DeltaTable(path).alter.add_constraint({"few": ask["where"]})


for line in sys.stdin:
    ask = json.loads(line)
    try:
        print(json.dumps({"answer": globals()[ask["do"]](ask["table"], ask)}), flush=True)
    except Exception as e:  # the test fails with it
        print(json.dumps({"error": f"{type(e).__name__}: {e}"}), flush=True)
