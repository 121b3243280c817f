package lake

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// The parser may refuse a commit, but what it accepts it must write down again as the same.
func FuzzParseCommit(f *testing.F) {
	f.Add([]byte(`{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":"{}","partitionColumns":["a"],"configuration":{},"createdTime":1}}
{"add":{"path":"category=a%2520b/part-1.parquet","partitionValues":{"category":"a b"},"size":7,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":3}"}}
{"remove":{"path":"b","deletionTimestamp":1,"dataChange":true}}
{"txn":{"appId":"a","version":1}}
{"commitInfo":{"timestamp":1,"operation":"WRITE","operationParameters":{"mode":"Append"},"readVersion":3}}
{"cdc":{"path":"../x"}}`))
	f.Add([]byte(`{"add":{"path":"../x","size":1}}`))
	f.Add([]byte(`{"add":{"path":"%zz","size":-1,"partitionValues":{"a":null}}}`))
	f.Add([]byte("\n\n{}\r\n[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		actions, err := parseCommit(data)
		if err != nil {
			return
		}
		once, err := formatCommit(actions)
		require.NoError(t, err)
		again, err := parseCommit(once)
		require.NoError(t, err)
		twice, err := formatCommit(again)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
		table := &Table{partition: "a"}
		_ = table.apply(newSnapshot(), actions)
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, parquet.Write(&b, []action{
		{Protocol: &protocol{MinReader: 1, MinWriter: 2}}, {Txn: &txn{"a", 1, 2}}, {Add: &add{Path: "a", PartitionValues: map[string]string{"k": "v"}, Size: 1}},
	}))
	f.Add(b.Bytes())
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseCheckpoint(data) })
}

func TestAction(t *testing.T) {
	t.Parallel()
	t.Run("keeps paths unchanged", actionKeepsPathsUnchanged)
}

func actionKeepsPathsUnchanged(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"a", "category=5/part-1.parquet", "category=a%20b/x", "ção/a b", "100%/x?y#z"} {
		got, err := decodePath(encodePath(path))
		require.NoError(t, err)
		require.Equal(t, path, got)
	}
}
