package corpus_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/corpus"
	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const evil = "</title><script>alert(1)</script> | [x](http://evil.example) \"quoted\"\n---\n# `Título` & <b>Cia.</b>"

// example is a small corpus: families of two leaflets, a duplicate of every tenth, and two documents that are left out.
func example(t testing.TB, n int) []corpus.Row {
	t.Helper()
	at := time.Date(2026, 8, 21, 12, 0, 0, 123456000, time.UTC)
	var documents []corpus.Document
	for i := range n {
		audience := []string{"patient", "professional"}[i%2]
		text := strings.Repeat(fmt.Sprintf("O medicamento %d não deve ser usado com os outros do grupo %d, e em caso de dúvida fale com seu médico. ", i, i), 20+i%7)
		d := corpus.Document{
			ID: fmt.Sprintf("%d/%s#1", 1000+i/2, audience), Product: int64(1000 + i/2), Audience: audience, Name: fmt.Sprintf("Remédio %d", i/2),
			Ingredients: []string{fmt.Sprintf("substância %d", i/2)}, Maker: fmt.Sprintf("Laboratório %d", i%30), CategoryID: "5", Category: "Genérico",
			Kind: "leaflet", License: "none", Origin: "somebody", Text: text, Markdown: "## 1. " + text, Pages: 1 + i%9, Source: "text", Confidence: 1, SHA256: strings.Repeat("ab", 32),
			Sections: []corpus.Section{{ID: audience + ".1", Number: 1, Title: "1. INDICAÇÕES", Text: text, Markdown: text}},
			Provenance: asset.Provenance{
				RunID: "materialize-1", TraceID: "t", CodeVersion: "1", FetchedAt: at, SourceURL: "https://example.org/arquivo",
			},
		}
		switch {
		case i == 3:
			d.Kind = "cover_sheet"
		case i == 4:
			d.ID, d.Text = "evil/patient#1", "Short."
		case i == 6:
			d.Name, d.Maker, d.Category, d.Ingredients, d.Disagreements = evil, evil, evil, nil, []string{evil}
		case i%10 == 9:
			d.Text, d.Sections = documents[i-2].Text, documents[i-2].Sections
		}
		documents = append(documents, d)
	}
	p := assign(t, corpus.DefaultOptions(), documents...)
	made := make([]corpus.Row, len(documents))
	for i, d := range documents {
		place, ok := p.Of(d.ID)
		require.True(t, ok)
		made[i] = corpus.NewRow(d, place)
	}
	return made
}

func sequence(list []corpus.Row, end error) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
		if end != nil {
			yield(corpus.Row{}, end)
		}
	}
}

func about() corpus.About {
	return corpus.About{Table: "processed/corpus/leaflets", Version: 7, Published: time.Date(2026, 8, 21, 13, 0, 0, 0, time.UTC), Options: corpus.DefaultOptions()}
}

func export(t *testing.T, list []corpus.Row, o corpus.ExportOptions) corpus.Exported {
	t.Helper()
	o.About = about()
	out, err := corpus.Export(t.Context(), filepath.Join(t.TempDir(), "corpus"), sequence(list, nil), o)
	require.NoError(t, err)
	return out
}

func TestExport(t *testing.T) {
	t.Parallel()
	list := example(t, 200)
	want := map[string][]corpus.Row{}
	for _, r := range list {
		if r.Representative {
			want[r.Split] = append(want[r.Split], r)
		}
	}
	seen := 0
	out := export(t, list, corpus.ExportOptions{Shard: 100 << 10, Progress: func(n int) { seen = n }})
	require.Equal(t, len(list), seen)
	names := map[string]string{}
	for _, f := range out.Files {
		names[f.Name] = f.SHA256
		content, err := os.ReadFile(filepath.Join(out.Folder, f.Name))
		require.NoError(t, err)
		require.Len(t, content, int(f.Bytes))
	}
	require.Contains(t, names, "data/train-00001-of-00016.jsonl.gz")
	codec, err := rows.Of[corpus.Row]()
	require.NoError(t, err)
	for split, expected := range want {
		require.Equal(t, len(expected), out.Rows[split])
		parquet, lines := read(t, codec, out.Folder, split)
		require.Len(t, parquet, len(expected))
		require.Len(t, lines, len(expected))
		for i, r := range expected {
			require.Equal(t, r.ID, parquet[i].ID)
			require.Equal(t, r.Text, parquet[i].Text)
			require.Equal(t, r.Sections, parquet[i].Sections)
			require.Equal(t, r.FetchedAt, parquet[i].FetchedAt.UTC())
			require.Equal(t, r.ID, lines[i]["id"])
			require.Equal(t, r.Markdown, lines[i]["markdown"])
			require.Equal(t, r.RunID, lines[i]["run_id"])
			require.IsType(t, []any{}, lines[i]["disagreements"], "a list, if an empty one")
			require.Len(t, lines[i], len(codec.Columns()))
		}
	}
	again := export(t, list, corpus.ExportOptions{Shard: 100 << 10})
	require.Equal(t, hashes(out), hashes(again), "the same rows give the same bytes")
	sums, err := exec.Command("sh", "-c", "cd "+out.Folder+" && sha256sum -c SHA256SUMS").CombinedOutput()
	require.NoError(t, err, "%s", sums)
	left, err := os.ReadFile(filepath.Join(out.Folder, "excluded.jsonl"))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(left), "\n"))
	require.Contains(t, string(left), `"reason":"not_a_leaflet"`)

	all := export(t, list, corpus.ExportOptions{All: true, Formats: []string{corpus.JSONL}})
	require.Equal(t, len(list)-2, all.Rows[corpus.Train]+all.Rows[corpus.Validation]+all.Rows[corpus.Test])
}

func hashes(e corpus.Exported) map[string]string {
	m := map[string]string{}
	for _, f := range e.Files {
		m[f.Name] = f.SHA256
	}
	return m
}

// read gives the rows of a split from both formats, in order.
func read(t *testing.T, codec rows.Codec, folder, split string) (parquet []corpus.Row, lines []map[string]any) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "data", split+"-*.parquet"))
	require.NoError(t, err)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		info, err := f.Stat()
		require.NoError(t, err)
		for row, err := range codec.Read(f, info.Size()) {
			require.NoError(t, err)
			parquet = append(parquet, row.(corpus.Row))
		}
		require.NoError(t, f.Close())
	}
	files, err = filepath.Glob(filepath.Join(folder, "data", split+"-*.jsonl.gz"))
	require.NoError(t, err)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		scanner := bufio.NewScanner(z)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var line map[string]any
			require.NoError(t, json.Unmarshal(scanner.Bytes(), &line))
			lines = append(lines, line)
		}
		require.NoError(t, errors.Join(scanner.Err(), f.Close()))
	}
	return parquet, lines
}

func TestExportIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	list := example(t, 20)
	parent := t.TempDir()
	folder := filepath.Join(parent, "corpus")
	_, err := corpus.Export(t.Context(), folder, sequence(list, fault.New(fault.Corrupt, "read", "broken")), corpus.ExportOptions{})
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	_, err = corpus.Export(ctx, folder, sequence(list, nil), corpus.ExportOptions{Progress: func(n int) {
		if n == 5 {
			cancel()
		}
	}})
	require.True(t, fault.Canceled(err))
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, entries, "nothing is left")

	require.NoError(t, os.Mkdir(folder, 0o700))
	_, err = corpus.Export(t.Context(), folder, sequence(list, nil), corpus.ExportOptions{})
	require.NoError(t, err, "an empty folder will do")
	_, err = corpus.Export(t.Context(), folder, sequence(list, nil), corpus.ExportOptions{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "not empty")
	_, err = corpus.Export(t.Context(), folder+"2", sequence(list, nil), corpus.ExportOptions{Formats: []string{"csv", "jsonl", "jsonl"}})
	require.ErrorContains(t, err, `no format "csv"`)
	require.ErrorContains(t, err, "named twice")
}

func TestCard(t *testing.T) {
	t.Parallel()
	out := export(t, example(t, 200), corpus.ExportOptions{Formats: []string{corpus.Parquet, corpus.JSONL}})
	card, err := os.ReadFile(filepath.Join(out.Folder, "README.md"))
	require.NoError(t, err)
	golden(t, "testdata/card.md", card)
	require.NotContains(t, string(card), "<script")
	require.NotContains(t, string(card), "[x](")
	require.Equal(t, 2, strings.Count("\n"+string(card), "\n---\n"), "one head")
	for _, h := range out.Stats.Histograms {
		content, err := os.ReadFile(filepath.Join(out.Folder, h.Name+".svg"))
		require.NoError(t, err)
		require.NotContains(t, string(content), "<script")
		golden(t, "testdata/"+h.Name+".svg", content)
		decoder := xml.NewDecoder(strings.NewReader(string(content)))
		for {
			if _, err = decoder.Token(); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, io.EOF, "it is XML")
	}
}

func golden(t *testing.T, path string, have []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, have, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "go test ./internal/corpus -update")
}

// What is counted agrees with itself.
func TestStats(t *testing.T) {
	t.Parallel()
	list := example(t, 300)
	s := corpus.NewStats()
	for _, r := range slices.Backward(list) {
		s.Add(r)
	}
	s.Finish()
	require.Equal(t, 300, s.Documents)
	require.Equal(t, 298, s.Included)
	require.Equal(t, s.Included, s.Representatives+s.Exact+s.Near)
	documents, groups := 0, 0
	for _, split := range s.Splits {
		documents, groups = documents+split.Documents, groups+split.Groups
	}
	require.Equal(t, s.Included, documents)
	require.Equal(t, s.Groups, groups, "no group is in two splits")
	require.Len(t, s.Makers, 21)
	for _, list := range [][]corpus.Count{s.Makers, s.Categories, s.Histograms[0].Bins, s.Histograms[1].Bins, s.Histograms[2].Bins, s.Histograms[3].Bins} {
		sum := 0
		for _, c := range list {
			sum += c.Count
		}
		require.Equal(t, s.Included, sum)
	}
	empty := corpus.Card(corpus.NewStats().Finish(), about(), nil)
	require.Contains(t, empty, "n<1K")
}

// TestForeignReaders opens an export with pandas and with the datasets library of Hugging Face.
func TestForeignReaders(t *testing.T) {
	t.Parallel()
	python := os.Getenv("DRUGSLM_PYTHON")
	if python == "" {
		t.Skip("no Python with datasets (DRUGSLM_PYTHON): `make reader` installs one")
	}
	list := example(t, 200)
	for _, formats := range [][]string{{corpus.Parquet, corpus.JSONL}, {corpus.JSONL}, {corpus.Parquet}} {
		out := export(t, list, corpus.ExportOptions{Formats: formats, Shard: 100 << 10})
		read := foreign(t, python, out.Folder)
		require.Equal(t, out.Rows, read.Default, formats)
		if slices.Contains(formats, corpus.JSONL) {
			require.Equal(t, out.Rows, read.Lines)
		}
		if slices.Contains(formats, corpus.Parquet) {
			require.Equal(t, out.Rows, read.Parquet)
		}
		require.Equal(t, []string{"default"}, read.Names)
		for _, r := range list {
			if r.ID == read.ID {
				require.Equal(t, r.Text, read.Text)
				require.Equal(t, r.Sections[0].Title, read.Title)
				require.Equal(t, r.FetchedAt.Format(time.RFC3339Nano), read.FetchedAt)
			}
		}
		require.NotEmpty(t, read.Text)
	}
}

// reading is what the foreign readers say.
type reading struct {
	Default, Lines, Parquet map[string]int
	Names                   []string
	ID, Text, Title         string
	FetchedAt               string `json:"fetched_at"`
}

func foreign(t *testing.T, python, folder string) reading {
	t.Helper()
	cmd := exec.Command(python, "testdata/read.py", folder)
	cache := t.TempDir()
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+cache, "HF_DATASETS_CACHE="+cache, "HF_DATASETS_DISABLE_PROGRESS_BARS=1")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	output, err := cmd.Output()
	require.NoError(t, err, "%s", complaints.String())
	var r reading
	require.NoError(t, json.Unmarshal(output, &r), "%s", output)
	return r
}
