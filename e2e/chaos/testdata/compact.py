"""Rewrites the files of one of several Delta tables, the first that has any: python compact.py TABLE...

A partition of several files becomes one file; where each has one file already, they are rewritten in another order.
"""
import os
import sys

from deltalake import DeltaTable

for path in sys.argv[1:]:
    if not DeltaTable.is_deltatable(path):
        continue
    table = DeltaTable(path)
    done, how = table.optimize.compact(), "compacted"
    if not done["numFilesRemoved"]:
        column = next(f.name for f in table.schema().fields if f.name not in table.metadata().partition_columns)
        done, how = table.optimize.z_order([column]), f"ordered by {column}"
    if done["numFilesRemoved"]:
        print(f"{path} {how}: {done['numFilesRemoved']} files became {done['numFilesAdded']}, version {table.version()}")
        break

# pyarrow's threads abort the interpreter now and then while it shuts down, after all is done and said.
sys.stdout.flush()
os._exit(0)
