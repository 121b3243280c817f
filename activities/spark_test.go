package activities_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// startSpark starts Spark with Delta, as deploy/spark/install.sh installs it in the folder DRUGSLM_SPARK.
func startSpark(t *testing.T) *otherProgram {
	t.Helper()
	home := os.Getenv("DRUGSLM_SPARK")
	if home == "" {
		t.Skip("needs Spark: make e2e-spark runs it, with DRUGSLM_SPARK")
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(home, "venv", "bin", "python"), "../deploy/spark/spark.py")
	cmd.Env = append(os.Environ(), "DRUGSLM_SPARK_JARS="+filepath.Join(home, "jars"), "SPARK_LOCAL_IP=127.0.0.1")
	spark := startProgram(t, cmd)
	spark.answers.Buffer(nil, 1<<20)
	require.True(t, spark.answers.Scan(), "it did not start")
	t.Log("Spark", spark.answers.Text())
	return spark
}

func inSQL(key asset.Key, statements ...string) func(*otherProgram, *fixture) {
	return func(d *otherProgram, w *fixture) { d.ask(w, "sql", key, map[string]any{"sql": statements}) }
}

func sparkDeeds(key asset.Key) []deed {
	return []deed{
		{"OPTIMIZE", inSQL(key, "OPTIMIZE TABLE_PATH")},
		{"DELETE", inSQL(key, "DELETE FROM TABLE_PATH WHERE id = 'a'")},
		{"UPDATE", inSQL(key, "UPDATE TABLE_PATH SET content = 'forged' WHERE id = 'b'")},
		{"MERGE", func(d *otherProgram, w *fixture) { d.ask(w, "merge", key, nil) }},
		{"ADD COLUMN", inSQL(key, "ALTER TABLE TABLE_PATH ADD COLUMNS (nota STRING)")},
		{"ADD COLUMN and UPDATE", inSQL(key, "ALTER TABLE TABLE_PATH ADD COLUMNS (nota STRING)", "UPDATE TABLE_PATH SET nota = 'x'")},
		{"RESTORE", inSQL(key, "RESTORE TABLE TABLE_PATH TO VERSION AS OF 0")},
		{"VACUUM", inSQL(key, "VACUUM TABLE_PATH RETAIN 0 HOURS")},
		{"OPTIMIZE and VACUUM", inSQL(key, "OPTIMIZE TABLE_PATH", "VACUUM TABLE_PATH RETAIN 0 HOURS")},
		{"UPDATE and VACUUM", inSQL(key, "UPDATE TABLE_PATH SET content = 'forged' WHERE id = 'b'", "VACUUM TABLE_PATH RETAIN 0 HOURS")},
	}
}

func TestSpark(t *testing.T) {
	t.Parallel()
	t.Run("commits are followed or repaired", sparkCommitsAreFollowedOrRepaired)
	t.Run("features that we refuse are undone", sparkFeaturesThatWeRefuseAreUndone)
}

// sparkCommitsAreFollowedOrRepaired has Spark change a table between our steps: the next run ends with the rows of an undisturbed one, and
// Spark reads them all.
func sparkCommitsAreFollowedOrRepaired(t *testing.T) {
	t.Parallel()
	spark := startSpark(t)
	for _, what := range sparkDeeds(download) {
		for _, when := range []string{"between runs", "after the batch"} {
			t.Run(strings.Join([]string{what.name, when}, "/"), func(t *testing.T) {
				t.Parallel()
				w := disturbed(t, spark, download, what, when)
				for _, key := range []asset.Key{catalog, download, extract} {
					var read []string
					require.NoError(t, json.Unmarshal(spark.ask(w, "rows", key, nil), &read))
					require.Equal(t, w.rows(key), read, "%s", key)
				}
				var told []string
				require.NoError(t, json.Unmarshal(spark.ask(w, "history", download, nil), &told))
				require.Contains(t, told, "MATERIALIZE")
			})
		}
	}
}

// sparkFeaturesThatWeRefuseAreUndone: deletion vectors and a constraint of Spark's are refused, and taken back by a rollback of the
// whole table.
func sparkFeaturesThatWeRefuseAreUndone(t *testing.T) {
	t.Parallel()
	spark := startSpark(t)
	for name, do := range map[string]func(*otherProgram, *fixture){
		"deletion vectors": inSQL(download, "ALTER TABLE TABLE_PATH SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", "DELETE FROM TABLE_PATH WHERE id = 'a'"),
		"check constraint": inSQL(download, "ALTER TABLE TABLE_PATH ADD CONSTRAINT few CHECK (id <> 'z')"),
		"mapped by name":   inSQL(download, "ALTER TABLE TABLE_PATH SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			w.show("a 1", "b 1", "c 1")
			w.all()
			good := w.latest(download).Version
			do(spark, w)
			w.show("a 2", "b 1", "c 1")
			w.must(w.step(catalog))
			w.calls()
			_, err := call(w, w.acts.Enrol, w.step(download))
			wantKind(t, fault.Invalid, err)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "starter rollback test/download --to ")
			require.Empty(t, w.calls())
			_, err = w.keeper().Rollback(t.Context(), w.asset(download), good, nil, "rollback-1")
			require.NoError(t, err)
			for _, key := range []asset.Key{download, extract} {
				w.must(w.step(key))
				require.Equal(t, []string{"a 2", "b 1", "c 1"}, w.rows(key))
				var read []string
				require.NoError(t, json.Unmarshal(spark.ask(w, "rows", key, nil), &read))
				require.Equal(t, w.rows(key), read)
			}
			w.sound()
		})
	}
}
