package tables_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/host"
)

func TestHeadPrintsRows(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"a table where it fits": {
			[]string{"anvisa/extract", "--columns", "category,id_produto,nome_produto"},
			"category  id_produto  nome_produto\n5         1           DIPIRONA\n5         2           \\u001b[31mDIPIRONA <b>\n",
		},
		"as many rows as wanted": {[]string{"anvisa/extract", "--columns", "id_produto", "-n", "1"}, "id_produto\n1\n"},
		"one partition by its name": {
			[]string{"anvisa/catalog", "-p", "genérico", "--columns", "razao_social,id_produto"}, "razao_social  id_produto\nOUTRA         1\n",
		},
		"JSON has whole values": {
			[]string{"anvisa/extract", "--columns", "nome_produto,warnings", "-n", "1", "-o", "json"},
			"[\n  {\n    \"nome_produto\": \"DIPIRONA\",\n    \"warnings\": []\n  }\n]\n",
		},
		"CSV has the names first": {
			[]string{"anvisa/extract", "--columns", "nome_produto,id_produto,missing_sections", "-o", "csv"},
			"nome_produto,id_produto,missing_sections\nDIPIRONA,1,[]\n\"\\u001b[31mDIPIRONA\n<b>\",2,\"[{\"\"leaflet\"\":1,\"\"id\"\":\"\"professional.1\"\",\"\"reason\"\":\"\"no such title before number 2\"\"}]\"\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := clitest.Run(t, data, append([]string{"head"}, tt.args...)...)
			require.Zero(t, code, stderr)
			require.Equal(t, tt.want, stdout)
		})
	}
}

// TestHeadPrintsAllColumns wants every column once, in each form, and no line of text that is wider than a terminal.
func TestHeadPrintsAllColumns(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	graph, err := host.Graph()
	require.NoError(t, err)
	made, err := graph.Get("anvisa/extract")
	require.NoError(t, err)
	names := []string{"category"}
	for _, c := range made.Codec.Columns() {
		names = append(names, c.Name)
	}

	code, stdout, stderr := clitest.Run(t, data, "head", "anvisa/extract", "-o", "csv")
	require.Zero(t, code, stderr)
	records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 3)
	require.Equal(t, names, records[0])

	code, stdout, stderr = clitest.Run(t, data, "head", "anvisa/extract", "-o", "json")
	require.Zero(t, code, stderr)
	var rows []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(stdout), &rows))
	require.Len(t, rows, 2)
	for _, name := range names {
		require.Contains(t, rows[0], name)
	}
	require.Len(t, rows[0], len(names))
	require.JSONEq(t, `"1970-01-01T00:00:00Z"`, string(rows[0]["fetched_at"]))

	code, stdout, stderr = clitest.Run(t, data, "head", "anvisa/extract")
	require.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 2*(1+len(names)))
	require.Equal(t, "row 1", lines[0])
	for _, line := range lines {
		require.LessOrEqual(t, len([]rune(line)), 80, line)
	}
}

func TestHeadOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	empty := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: empty})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	for _, tt := range []struct {
		data string
		args []string
		want string
	}{
		{data, []string{"anvisa/extrakt"}, `"anvisa/extrakt" is unknown`},
		{data, []string{"anvisa/extract", "--columns", "nome_produt,charakters"}, `column of anvisa/extract "nome_produt" is unknown; nearest: nome_produto`},
		{data, []string{"anvisa/extract", "--columns", "nome_produt,charakters"}, `"charakters" is unknown; nearest: characters`},
		{data, []string{"anvisa/extract", "-p", "Genericoo"}, `Genérico`},
		{data, []string{"anvisa/extract", "-p", "6"}, "has no row in 6; it has some in 5. `starter materialize anvisa/extract --partition 6 --wait` publishes it"},
		{data, []string{"anvisa/open_data"}, "anvisa/open_data is external: others make it, and it has no table here; `starter status anvisa/open_data` shows what was seen of it"},
		{empty, []string{"anvisa/extract"}, "run `starter materialize +anvisa/extract --wait` first"},
		{data, []string{"anvisa/extract", "-n", "0"}, "-n is 0: want 1 to 10000"},
		{data, []string{"anvisa/extract", "-o", "yaml"}, `--output is "yaml"; known: text, json, csv`},
	} {
		code, stdout, stderr := clitest.Run(t, tt.data, append([]string{"head"}, tt.args...)...)
		require.Equal(t, cli.ExitUsage, code, "%v: %s%s", tt.args, stdout, stderr)
		require.Contains(t, stderr, tt.want, "%v", tt.args)
	}
	code, _, stderr := clitest.Run(t, data, "status", "-o", "csv")
	require.Equal(t, cli.ExitUsage, code, "only head has it")
	require.Contains(t, stderr, `--output is "csv"; known: text, json`)
}
