"""Opens an exported corpus with pandas and with the datasets library, and says what is in it."""
import glob
import json
import os
import sys

import datasets
import pandas

folder = sys.argv[1]
splits = ("train", "validation", "test")


def counts(pattern, read):
    found = {}
    for split in splits:
        files = sorted(glob.glob(f"{folder}/data/{split}-{pattern}"))
        if files:
            found[split] = sum(len(read(f)) for f in files)
    return found


corpus = datasets.load_dataset(folder)
first = corpus["train"][0]
answer = {
    "default": {split: len(rows) for split, rows in corpus.items()},
    "lines": counts("*.jsonl.gz", lambda f: pandas.read_json(f, lines=True)),
    "parquet": counts("*.parquet", pandas.read_parquet),
    "names": datasets.get_dataset_config_names(folder),
    "id": first["id"],
    "text": first["text"],
    "title": first["sections"][0]["title"],
    "fetched_at": first["fetched_at"].isoformat().replace("+00:00", "Z"),
}
print(json.dumps(answer))

# pyarrow's threads abort the interpreter now and then while it shuts down, after all is read and said.
sys.stdout.flush()
os._exit(0)
