package corpus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// About says what a card is of, beside what its rows say.
type About struct {
	Table     string    `json:"table"`         // the folder of the table
	Version   int64     `json:"table_version"` // that was read
	Published time.Time `json:"published"`     // when that was made
	Options   Options   `json:"-"`             // that it was made with
}

// Shipped says which files a card lies beside.
type Shipped struct {
	Formats []string // "parquet", "jsonl"; the first is what a reader gets who does not choose
	All     bool     // duplicates are in them, too
	Rows    map[string]int
	Shards  map[string]int // by split, of each format
}

// Card writes the data card of a corpus as Markdown, with a head in YAML as Hugging Face reads it. Without files beside it (nil) it
// names none. Whatever comes from rows is escaped: it is text of the site's.
func Card(s *Stats, about About, files *Shipped) string {
	var b strings.Builder
	head(&b, s, files)
	c := card{&b, s, about, files}
	c.summary()
	c.splits()
	c.contents()
	c.duplicates()
	c.left()
	c.made()
	c.licence()
	return b.String()
}

// head is the part in YAML. Strings are written as JSON has them, which YAML reads as the same.
func head(b *strings.Builder, s *Stats, files *Shipped) {
	rows := s.Included
	if files != nil {
		rows = 0
		for _, n := range files.Rows {
			rows += n
		}
	}
	fmt.Fprintf(b, `---
pretty_name: "Bulário: leaflets of Brazil's medicines"
language:
- pt
license: other
license_name: "not-stated"
size_categories:
- %s
task_categories:
- text-generation
tags:
- medical
- drug-leaflets
- anvisa
`, sizeCategory(rows))
	if files == nil {
		b.WriteString("---\n")
		return
	}
	// One folder has one reader in the datasets library, so that the second format has no configuration of its own.
	b.WriteString("configs:\n- config_name: default\n  data_files:\n")
	for _, split := range []string{Train, Validation, Test} {
		if files.Shards[split] > 0 {
			fmt.Fprintf(b, "  - split: %s\n    path: data/%s-*%s\n", split, split, suffixes[files.Formats[0]])
		}
	}
	fmt.Fprintf(b, "dataset_info:\n  config_name: default\n  features:\n%s---\n", features())
}

// sizeCategory is how Hugging Face spells a number of rows.
func sizeCategory(n int) string {
	switch {
	case n < 1_000:
		return "n<1K"
	case n < 10_000:
		return "1K<n<10K"
	case n < 100_000:
		return "10K<n<100K"
	default:
		return "100K<n<1M"
	}
}

// card writes the parts below the head.
type card struct {
	*strings.Builder
	*Stats
	about About
	files *Shipped
}

func (c card) writef(format string, args ...any) { fmt.Fprintf(c, format, args...) }

func (c card) table(columns string, rows [][]string) {
	c.writef("| %s |\n|%s\n", columns, strings.Repeat("---|", 1+strings.Count(columns, "|")))
	for _, row := range rows {
		c.writef("| %s |\n", strings.Join(row, " | "))
	}
	c.writef("\n")
}

func (c card) summary() {
	c.writef("\n# Leaflets of Brazil's medicines\n\n")
	c.writef("The text of %s leaflets that Anvisa publishes in its Bulário Eletrônico, for training language models in Portuguese on medicines: "+
		"%s for patients, %s for professionals. Of leaflets that say the same one is the representative; %s are, and those are what to train on.\n\n",
		number(c.Included), number(count(c.Audiences, "patient")), number(count(c.Audiences, "professional")), number(c.Representatives))
	if c.files != nil {
		which := "The files here hold the representatives alone."
		if c.files.All {
			which = "The files here hold all of them; `representative` tells."
		}
		c.writef("%s\n\n```python\nimport datasets\ncorpus = datasets.load_dataset(\"PATH/TO/THIS/FOLDER\")\ncorpus[\"train\"][0][\"text\"]\n```\n\n", which)
		if len(c.files.Formats) > 1 {
			c.writef("The same rows are there as %s, for programs that read it better.\n\n", c.files.Formats[1])
		}
	}
	c.writef("This is no medical advice: leaflets change, and some of these have been replaced since.\n\n")
}

func (c card) splits() {
	c.writef("## Splits\n\n")
	var rows [][]string
	for _, s := range c.Splits {
		rows = append(rows, []string{
			s.Split, number(s.Documents), percent(s.Documents, c.Included), number(s.Groups), number(s.Representatives),
			number(s.Characters), number(s.Words), number(s.Pretokens),
		})
	}
	c.table("split | leaflets | share | groups | representatives | characters of these | words | pre-tokens", rows)
	if slices.ContainsFunc(c.Splits, func(s SplitStats) bool { return s.Documents == 0 }) {
		c.writef("A split without leaflets has no files: there are too few groups to deal.\n\n")
	}
	c.writef("All leaflets together have %s characters, %s words and %s pre-tokens. Words are runs of letters and digits. Pre-tokens are the "+
		"pieces by the pattern of GPT-2's pre-tokeniser, counted without its vocabulary: a model has as many tokens or more.\n\n",
		number(c.Characters), number(c.Words), number(c.Pretokens))
	c.writef("A split is dealt by group: all leaflets that share a product, a registration, a name or a set of active ingredients, or that are near "+
		"duplicates, through as many others as it takes. So no near duplicate of a leaflet is in another split. Groups: %s; "+
		"the largest is that of product %s, with %s leaflets, %s of all.\n\n", number(c.Groups), markdown(c.LargestGroup.Name),
		number(c.LargestGroup.Count), percent(c.LargestGroup.Count, c.Included))
}

func (c card) contents() {
	c.writef("## What is in it\n\n")
	for _, h := range c.Histograms {
		if c.files != nil {
			c.writef("![%s](%s.svg)\n", h.Title, h.Name)
		}
	}
	c.writef("\n### Sections found\n\nBy RDC 47/2009. Of the leaflets for the audience, or of all for parts without a number.\n\n")
	var rows [][]string
	for _, s := range c.Sections {
		rows = append(rows, []string{markdown(s.Name), number(s.Has), number(s.Of), percent(s.Has, s.Of)})
	}
	c.table("section | found | leaflets | share", rows)
	c.writef("### Regulatory categories\n\n")
	c.table("category | leaflets | share", c.counted(c.Categories))
	c.writef("### Makers\n\n")
	c.table("holder of the registration | leaflets | share", c.counted(c.Makers))
	c.writef("### Where the text is from\n\n`text` is in the file, `ocr` was recognised in the pages' pictures.\n\n")
	c.table("source | leaflets | share", c.counted(c.Sources))
	c.writef("Leaflets with pages that nobody could read, and whose text lacks them (`unread_pages`): %s. ", number(c.Unread))
	c.writef("Leaflets that disagree with the catalog on name, company or registration (`disagreements`): %s.\n\n", number(c.Disagreeing))
}

// counted are the rows of a table of counts.
func (c card) counted(list []Count) (rows [][]string) {
	for _, e := range list {
		rows = append(rows, []string{markdown(e.Name), number(e.Count), percent(e.Count, c.Included)})
	}
	return rows
}

func (c card) duplicates() {
	n := c.about.Options.Near
	c.writef("## Duplicates\n\n")
	c.writef("%s leaflets have exactly the text of their representative, %s are near duplicates of it. %s clusters have more than one "+
		"leaflet; the largest, of %s, has %s.\n\n", number(c.Exact), number(c.Near), number(c.Clusters), markdown(c.LargestCluster.Name), number(c.LargestCluster.Count))
	c.writef("Exact: the same normal form (NFC, case folded, words only). Near: an estimated Jaccard index of at least %g between sets of shingles of %d words, "+
		"from signatures of %d bins (standard error %.3f at the threshold), compared where one of %d bands of %d rows agrees, which a pair does with a "+
		"probability of %.3f at %.1f, %.2f at %.1f and %.3f at %.1f. Leaflets are compared by the sections that tell of the product itself, "+
		"without identification, storage, forgotten dose, overdose for patients, and the notices of the law. The representative has the "+
		"most numbered sections, then the least recognised text, then the newest approval, then the lowest number.\n\n",
		n.Threshold, n.Shingle, n.Bins, n.StandardError(n.Threshold), n.Bands, n.Rows, n.Found(n.Threshold), n.Threshold,
		n.Found(n.Threshold-0.1), n.Threshold-0.1, n.Found(n.Threshold-0.3), n.Threshold-0.3)
}

func (c card) left() {
	c.writef("## Left out\n\n")
	if c.Documents == c.Included {
		c.writef("Nothing.\n\n")
		return
	}
	o := c.about.Options
	c.writef("%s of %s documents are in no split. `too_short` is under %s characters; `not_portuguese` has less than %s in Portuguese.\n\n",
		number(c.Documents-c.Included), number(c.Documents), number(o.MinCharacters), percent(int(100*o.MinLanguage), 100))
	var rows [][]string
	for _, e := range c.Excluded {
		rows = append(rows, []string{markdown(e.Name), number(e.Count)})
	}
	c.table("reason | documents", rows)
	rows = nil
	for _, d := range c.ExcludedDocs {
		rows = append(rows, []string{markdown(d.ID), markdown(d.Reason), markdown(d.Kind), markdown(d.Language), number(d.Characters)})
	}
	c.table("document | reason | kind | language | characters", rows)
	if listed := len(c.ExcludedDocs); listed < c.Documents-c.Included {
		c.writef("%s more are not listed here.\n\n", number(c.Documents-c.Included-listed))
	}
}

func (c card) made() {
	c.writef("## How it was made\n\n")
	c.writef("By drugslm, from the PDFs of the Bulário: text with its reading order, leaflets and sections by their titles, duplicates, splits. "+
		"The same documents give the same corpus; seed of the split: %s.\n\n", markdown(strconv.Quote(c.about.Options.Seed)))
	rows := [][]string{
		{"table", markdown(c.about.Table)}, {"version", number(c.about.Version)},
		{"published", c.about.Published.UTC().Format(time.RFC3339)},
		{"runs", markdown(strings.Join(c.Runs, ", "))}, {"code versions", markdown(strings.Join(c.CodeVersions, ", "))},
	}
	c.table("what | value", rows)
}

func (c card) licence() {
	c.writef("## Licence and origin\n\n")
	c.writef("Each row says `%s`, `origin`, `source_url`, `fetched_at`, and the sha256 of its PDF. A leaflet is written by the holder of the "+
		"registration and published by Anvisa, as RDC 47/2009 demands. Nobody has stated a licence for these texts, and none is granted here: "+
		"whether a use is lawful is for its user to judge. Leaflets hold no data of patients; they may name the responsible pharmacist.\n", "license")
}

func count(list []Count, name string) int {
	for _, c := range list {
		if c.Name == name {
			return c.Count
		}
	}
	return 0
}

func number[N int | int32 | int64](n N) string { return humanize.Comma(int64(n)) }

func percent(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// markdown writes a text so that Markdown shows it as it is, on one line: no markup, no link, no cell of a table.
func markdown(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ") {
		switch {
		case r < ' ' || r == 0x7f:
			b.WriteRune('\ufffd')
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]#|!~:@$^", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www\\.")
}
