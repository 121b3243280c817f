"""Compacts the first of several Delta tables that has files to compact: python compact.py TABLE..."""
import os
import sys

from deltalake import DeltaTable

for path in sys.argv[1:]:
    if not DeltaTable.is_deltatable(path):
        continue
    done = DeltaTable(path).optimize.compact()
    if done["numFilesRemoved"]:
        print(f"{path}: {done['numFilesRemoved']} files became {done['numFilesAdded']}")
        break

# pyarrow's threads abort the interpreter now and then while it shuts down, after all is done and said.
sys.stdout.flush()
os._exit(0)
