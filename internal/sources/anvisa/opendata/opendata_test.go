package opendata_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/opendata"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func read(t testing.TB, in io.Reader) ([]opendata.Row, opendata.Summary, error) {
	t.Helper()
	r, err := opendata.NewReader(in)
	if err != nil {
		return nil, opendata.Summary{}, err
	}
	var rows []opendata.Row
	for row, err := range r.Rows() {
		if err != nil {
			return rows, r.Summary(), err
		}
		rows = append(rows, row)
	}
	return rows, r.Summary(), nil
}

func TestReader(t *testing.T) {
	t.Parallel()
	t.Run("reads the agency's file", readerReadsAgencysFile)
	t.Run("reads columns in any order", readerReadsColumnsInAnyOrder)
	t.Run("refuses another file", readerRefusesAnotherFile)
	t.Run("counts a product once", readerCountsProductOnce)
	t.Run("lists every bad line", readerListsEveryBadLine)
	t.Run("bounds the file", readerBoundsFile)
	t.Run("ends with a read error", readerEndsWithReadError)
}

// readerReadsAgencysFile reads a file made by hand with what the agency writes and what nobody should.
func readerReadsAgencysFile(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "medicamentos.csv"))
	require.NoError(t, err)
	defer file.Close()
	rows, summary, err := read(t, file)
	require.NoError(t, err)
	got, err := json.MarshalIndent(map[string]any{"rows": rows, "summary": summary}, "", "  ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "medicamentos.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}

const header = "TIPO_PRODUTO;NOME_PRODUTO;DATA_FINALIZACAO_PROCESSO;CATEGORIA_REGULATORIA;NUMERO_REGISTRO_PRODUTO;" +
	"DATA_VENCIMENTO_REGISTRO;NUMERO_PROCESSO;CLASSE_TERAPEUTICA;EMPRESA_DETENTORA_REGISTRO;SITUACAO_REGISTRO;PRINCIPIO_ATIVO\r\n"

func row(registration int, category, status string) string {
	text := fmt.Sprintf("\"MEDICAMENTO\";\"NOME\";25/04/2000;%q;%09d;092034;\"25001\";\"\";\"61082426000207 - X S.A.\";%q;\"Y\"\r\n", category, registration, status)
	raw, _ := charmap.ISO8859_1.NewEncoder().String(text)
	return raw
}

func readerReadsColumnsInAnyOrder(t *testing.T) {
	t.Parallel()
	file := "novidade; \"situacao_registro\";PRINCIPIO_ATIVO;NOME_PRODUTO;TIPO_PRODUTO;NUMERO_PROCESSO;CLASSE_TERAPEUTICA;" +
		"EMPRESA_DETENTORA_REGISTRO;DATA_VENCIMENTO_REGISTRO;NUMERO_REGISTRO_PRODUTO;CATEGORIA_REGULATORIA;DATA_FINALIZACAO_PROCESSO\n" +
		"?;Ativo;A;B;C;1;D;61082426000207 - E - F;022028;100000012;novo;25/04/2000\n"
	file = strings.Replace(file, ` "situacao_registro"`, `"situacao_registro"`, 1)
	rows, _, err := read(t, strings.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, []opendata.Row{{
		Line: 2, Type: "C", Name: "B", Finished: time.Date(2000, 4, 25, 0, 0, 0, 0, time.UTC), Category: "Novo", Registration: "100000012",
		Expires: time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), Process: "1", Class: "D", CNPJ: "61082426000207", Company: "E - F",
		Status: opendata.Active, Ingredients: "A",
	}}, rows)
}

func readerRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, text string }{
		"empty":          {"", "the file is empty"},
		"a page":         {"<!DOCTYPE html>\r\n<html>", "no column TIPO_PRODUTO, NOME_PRODUTO"},
		"a column less":  {strings.Replace(header, "SITUACAO_REGISTRO;", "", 1), "no column SITUACAO_REGISTRO"},
		"a column twice": {strings.Replace(header, "TIPO_PRODUTO", "TIPO_PRODUTO;TIPO_PRODUTO", 1), "more than one column TIPO_PRODUTO"},
		"commas":         {strings.ReplaceAll(header, ";", ","), "no column"},
		"a byte order":   {"\ufeff" + header, "UTF-8 where ISO-8859-1 is expected"},
		"an open quote":  {`"` + header, "line 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := opendata.NewReader(strings.NewReader(tt.file))
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, fault.Layout, fault.KindOf(err))
		})
	}
}

func readerCountsProductOnce(t *testing.T) {
	t.Parallel()
	_, s, err := read(t, strings.NewReader(header+row(100000001, "SIMILAR", "Ativo")+row(100000001, "Similar", "VÁLIDO")+row(100000002, "similar", "Ativo")+
		row(100000003, "Similar", "Inativo")+row(100000001, "NOVO", "Ativo")+row(100000004, "Outra", "Ativo")))
	require.NoError(t, err)
	require.Equal(t, []opendata.Registered{{"Novo", 1}, {"Outra", 1}, {"Similar", 2}}, s.Registered)
	require.Equal(t, 3, s.Products, "a number in two categories is one product")
	require.Equal(t, []opendata.Count{{"Novo", "Ativo", 1}, {"Outra", "Ativo", 1}, {"Similar", "Ativo", 3}, {"Similar", "Inativo", 1}}, s.Counts)
	require.Equal(t, []int{2, 1, 0}, []int{s.In("SIMILAR"), s.In("novo"), s.In("Genérico")})
}

// readerListsEveryBadLine promises that the lines around a bad one are read, and that it is counted.
func readerListsEveryBadLine(t *testing.T) {
	t.Parallel()
	good := row(100000001, "SIMILAR", "Ativo")
	tests := map[string]struct{ bad, reason string }{
		"long line":    {strings.Repeat("x", opendata.MaxRecord+1) + "\r\n", "longer than 65536 bytes"},
		"longest line": {strings.Repeat("x", 5*opendata.MaxRecord) + "\r\n", "longer than 65536 bytes"},
		"long field":   {strings.Replace(good, "NOME", strings.Repeat("x", opendata.MaxField+1), 1), "a field is longer than 8192 bytes"},
		"open quote":   {`"x;y` + "\r\n", "text after a closing quote"},
		"UTF-8":        {strings.Replace(good, "NOME", "AÇÃO", 1), "UTF-8"},
		"no status":    {row(1, "SIMILAR", ""), "SITUACAO_REGISTRO: empty"},
		"two mistakes": {strings.NewReplacer("NOME", "", "25/04/2000", "31/02/2000").Replace(good), "DATA_FINALIZACAO_PROCESSO: not a day such as 31/12/2025; NOME_PRODUTO: empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, s, err := read(t, strings.NewReader(header+good+tt.bad+good))
			require.NoError(t, err)
			require.Len(t, rows, 2)
			require.Equal(t, 1, s.Bad)
			require.Equal(t, 3, s.BadLines[0].Line)
			require.Contains(t, s.BadLines[0].Reason, tt.reason)
			require.LessOrEqual(t, len([]rune(s.BadLines[0].Text)), 200)
		})
	}
	t.Run("many", func(t *testing.T) {
		t.Parallel()
		_, s, err := read(t, strings.NewReader(header+strings.Repeat("x\n", 250)))
		require.NoError(t, err)
		require.Equal(t, 250, s.Bad)
		require.Len(t, s.BadLines, opendata.MaxBad)
	})
	t.Run("quote open to the end", func(t *testing.T) {
		t.Parallel()
		rows, s, err := read(t, strings.NewReader(header+`"x`+"\n"+strings.Repeat("a;b\n", 20)))
		require.NoError(t, err)
		require.Empty(t, rows)
		require.Equal(t, 21, s.Bad)
		require.Equal(t, "a quote is not closed", s.BadLines[0].Reason)
	})
}

// repeat gives a text again and again.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

func readerBoundsFile(t *testing.T) {
	t.Parallel()
	kinds := header
	for i := range 1001 {
		kinds += row(1, fmt.Sprint(i), "Ativo")
	}
	bare := strings.NewReplacer("MEDICAMENTO", "M", "NOME", "N", "25/04/2000", "", "092034", "", "61082426000207 - X S.A.", "").Replace(row(1, "", "A"))
	tests := map[string]struct {
		file io.Reader
		text string
	}{
		"endless":         {io.MultiReader(strings.NewReader(header), &repeat{text: strings.Repeat("x", 200) + "\n"}), "longer than 67108864 bytes"},
		"an endless line": {io.MultiReader(strings.NewReader(header), &repeat{text: "x"}), "longer than 67108864 bytes"},
		"bad lines":       {io.MultiReader(strings.NewReader(header), &repeat{text: "x\n"}), "more than 500000 rows"},
		"rows":            {io.MultiReader(strings.NewReader(header), &repeat{text: bare}), "more than 500000 rows"},
		"kinds":           {strings.NewReader(kinds), "more than 1000 statuses and categories"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := opendata.NewReader(tt.file)
			require.NoError(t, err)
			for _, err = range r.Rows() {
				if err != nil {
					break
				}
			}
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, fault.Layout, fault.KindOf(err))
		})
	}
}

func readerEndsWithReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	rows, _, err := read(t, io.MultiReader(strings.NewReader(header+row(100000001, "NOVO", "Ativo")+`"open`), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	require.Len(t, rows, 1)
}

func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "medicamentos.csv"))
	require.NoError(f, err)
	f.Add(golden)
	f.Add([]byte(header + row(1, "NOVO", "Ativo") + "\"\n\"\"\n;;;\"\n"))
	f.Add([]byte("\r\n\r\n" + header))
	nine := regexp.MustCompile(`^([0-9]{9})?$`)
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, s, err := read(t, bytes.NewReader(file))
		if err != nil {
			return
		}
		require.Equal(t, len(rows), s.Rows)
		lines := bytes.Count(file, []byte("\n")) + 1
		require.LessOrEqual(t, len(rows)+s.Bad, lines, "no line is counted twice")
		last := 1
		for _, r := range rows {
			require.Greater(t, r.Line, last)
			last = r.Line
			require.Regexp(t, nine, r.Registration)
			require.True(t, utf8.ValidString(r.Name+r.Company+r.Ingredients))
			require.NotEmpty(t, r.Status)
		}
		counted := 0
		for _, c := range s.Counts {
			counted += c.Rows
		}
		require.Equal(t, len(rows), counted)
	})
}

func BenchmarkRead(b *testing.B) {
	var file strings.Builder
	file.WriteString(header)
	for i := range 43_400 {
		file.WriteString(row(100000000+i, "SIMILAR", "Ativo"))
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		_, s, err := read(b, strings.NewReader(file.String()))
		require.NoError(b, err)
		require.Equal(b, 43_400, s.Products)
	}
}
