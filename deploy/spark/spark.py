"""Changes Delta tables as Spark would, and counts what it reads. Reads one JSON object a line, {"do": …, "table": …, …}, and
answers each with one line: {"answer": …} or {"error": …}. Needs pyspark, and DRUGSLM_SPARK_JARS: the folder with Delta's jars."""

import glob
import json
import os
import sys

from pyspark.sql import SparkSession

# Answers go where we were told to print; what Spark prints (VACUUM does) goes to standard error.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

jars = sorted(glob.glob(os.path.join(os.environ["DRUGSLM_SPARK_JARS"], "*.jar")))
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", ",".join(jars))
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "1g")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    # VACUUM otherwise starts 10,000 tasks a table.
    .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
    .config("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")


def rows(path, ask):
    """Every row as text, sorted: "id content"."""
    found = spark.read.format("delta").load(path).select("id", "content").collect()
    return sorted(f"{r.id} {r.content}" for r in found)


def history(path, ask):
    return [r.operation for r in spark.sql(f"DESCRIBE HISTORY delta.`{path}`").collect()]


def merge(path, ask):
    """Changes one row, and adds one of nobody."""
    source = spark.read.format("delta").load(path).limit(1)
    source.createOrReplaceTempView("source")
    spark.sql(
        f"""MERGE INTO delta.`{path}` t USING (SELECT * FROM source UNION ALL
        SELECT 'stranger' AS id, * EXCEPT (id) FROM source) s ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET content = 'forged' WHEN NOT MATCHED THEN INSERT *"""
    )


def sql(path, ask):
    for statement in ask["sql"]:
        spark.sql(statement.replace("TABLE_PATH", f"delta.`{path}`")).collect()


print(json.dumps({"answer": spark.version}), file=answers, flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    try:
        print(json.dumps({"answer": globals()[ask["do"]](ask["table"], ask)}), file=answers, flush=True)
    except Exception as e:  # the test fails with it
        print(json.dumps({"error": f"{type(e).__name__}: {e}"[:4000]}), file=answers, flush=True)
spark.stop()
