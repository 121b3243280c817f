package leaflets_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// score counts leaflets, and in how many of them each thing was found or is as it should be.
type score struct {
	leaflets    int
	rows, whole int // of the tables of changes
	good        map[string]int
}

// judged is a leaflet and what is wrong with it.
type judged struct {
	audience leaflet.Audience
	half     int             // 0 for mending the rules, 1 held out
	good     map[string]bool // each measure

	rows, whole int // of the table of changes; those with a date, a subject and a version in their columns
	faults      []string
}

// measures are what a leaflet is judged by, in the order in which they are printed.
var measures = []string{
	"all numbered sections, in order, with text", "legal notices, none in the last section", "table of changes", "its rows",
	"product, a name", "ingredients, names alone", "form", "strengths", "routes", "use", "maker", "CNPJ",
	"registration", "version code", "date of approval",
}

var (
	noName    = regexp.MustCompile(`(?i)^(?:\P{L}*|[0-9]+\s*(?:mm|mg|g|ml|mcg|ui|%)\b.*|[0-9]+/.*|(?:solu[çc][ãa]o|suspens[ãa]o|comprimidos?|c[áa]psulas?|creme|pomada|xarope)(?:\s+(?:oral|injet[áa]vel|revestidos?))?|(?:uso|venda|via)\s.*)$`)
	withUnit  = regexp.MustCompile(`(?i)[0-9]\s*(?:mg|mcg|g|ml|ui)\b|equival|correspond|^.?$`)
	noticeTip = regexp.MustCompile(`(?i)^(?:registro\s*(?:m\.?s|n|:)|m\.?\s?s\.?\s*[-–:.]?\s*1\.[0-9]{4}|farm(?:\.|ac[êe]utic[oa])\s*resp|c\.?n\.?p\.?j)`)
	changeDay = regexp.MustCompile(`(?i)[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}|\bn[/.\s]{0,2}a\b|n[ãa]o (?:se )?aplic`) // a change that was not filed has none, and says so
	inVersion = regexp.MustCompile(`(?i)VP|\bn[/.\s]{0,2}a\b|n[ãa]o (?:se )?aplic`)
)

// judge judges a leaflet by rules of its own: it knows only what a reader of the output sees.
func judge(l api.Leaflet, half int) judged {
	j := judged{audience: l.Audience, half: half, good: map[string]bool{}}
	say := func(measure string, good bool, fault string, args ...any) {
		j.good[measure] = good
		if !good && fault != "" {
			j.faults = append(j.faults, fmt.Sprintf(fault, args...))
		}
	}
	var numbers []int
	complete, last := true, api.Section{}
	for _, s := range l.Sections {
		if s.Number > 0 {
			numbers = append(numbers, s.Number)
			complete = complete && s.Text != ""
			last = s
		}
	}
	want := map[leaflet.Audience]int{leaflet.Patient: 9, leaflet.Professional: 10}[l.Audience]
	say(measures[0], complete && len(numbers) == want && slices.IsSorted(numbers), "sections %v", numbers)
	mixed := slices.ContainsFunc(strings.Split(last.Text, "\n"), noticeTip.MatchString)
	titled := slices.ContainsFunc(l.Sections, func(s api.Section) bool { return s.ID == "legal" })
	say(measures[1], titled && !mixed, "legal notices: found %t, in the last section %t", titled, mixed)
	table := slices.ContainsFunc(l.Sections, func(s api.Section) bool { return s.ID == leaflet.HistoryID })
	say(measures[2], table, "")
	say(measures[3], !table || len(l.History) > 0, "no rows in the table of changes")
	j.rows = len(l.History)
	for _, c := range l.History {
		if changeDay.MatchString(c.DataExpediente+" "+c.DataPeticao+" "+c.DataAprovacao) && c.Assunto+c.AssuntoPeticao != "" && inVersion.MatchString(c.Versoes) {
			j.whole++
		}
	}
	if j.rows-j.whole > 1 { // the last one often has no date yet
		j.faults = append(j.faults, fmt.Sprintf("%d of %d rows of the table of changes are whole", j.whole, j.rows))
	}
	m := l.Metadata
	say(measures[4], !noName.MatchString(m.Product), "product %q", m.Product)
	say(measures[5], len(m.Ingredients) > 0 && !slices.ContainsFunc(m.Ingredients, withUnit.MatchString), "ingredients %q", m.Ingredients)
	say(measures[6], m.Form != "", "no form")
	say(measures[7], len(m.Strengths) > 0, "no strengths")
	say(measures[8], len(m.Routes) > 0, "no routes")
	say(measures[9], m.Use != "", "no use")
	say(measures[10], m.Maker != "", "no maker")
	say(measures[11], m.CNPJ != "", "no CNPJ")
	say(measures[12], m.Registration != "", "no registration")
	say(measures[13], m.Version != "", "") // many leaflets print none
	say(measures[14], m.ApprovedOn != "", "")
	return j
}

// BenchmarkLeaflets reads the files of DRUGSLM_LEAFLETS, and prints what was found in leaflets for patients and for professionals,
// and in each half of the files; and the faults, those of most first. Of the half that is held out it prints none, unless
// DRUGSLM_HELD_OUT is set: rules must not be changed by looking at them.
func BenchmarkLeaflets(b *testing.B) {
	dir := os.Getenv("DRUGSLM_LEAFLETS")
	if dir == "" {
		b.Skip("no files: set DIR to a folder of PDFs")
	}
	files, err := pdfsUnder(dir)
	require.NoError(b, err)
	require.NotEmpty(b, files, "no PDFs in %s", dir)
	for b.Loop() {
		r := collection{counts: map[string]score{}, faults: map[string][]string{}, kinds: map[leaflet.Kind]int{}, seen: map[[sha256.Size]byte]bool{}}
		r.reader, err = pdf.Open(pdf.Options{Workers: 1})
		require.NoError(b, err)
		for _, path := range files {
			r.add(b, path)
		}
		require.NoError(b, r.reader.Close(b.Context()))
		fmt.Fprint(os.Stdout, leafletTable(len(r.seen), r.kinds, r.counts)) // a log of a benchmark is cut off after ten lines
		for _, name := range worstFirst(r.faults) {
			fmt.Fprintf(os.Stdout, "%s: %s\n", name, strings.Join(r.faults[name], "; "))
		}
	}
}

// collection is what was found in all files.
type collection struct {
	reader *pdf.Extractor
	counts map[string]score    // by audience and half
	faults map[string][]string // by leaflet
	kinds  map[leaflet.Kind]int
	seen   map[[sha256.Size]byte]bool // a file may lie there twice
}

func (r *collection) add(b *testing.B, path string) {
	b.Helper()
	content, err := os.ReadFile(path)
	require.NoError(b, err)
	sum := sha256.Sum256(content)
	if r.seen[sum] {
		return
	}
	r.seen[sum] = true
	view, err := leaflets.ParseFile(b.Context(), r.reader, nil, path)
	if err != nil {
		require.NoError(b, b.Context().Err())
		r.kinds["refused"]++
		return
	}
	r.kinds[view.Kind]++
	for i, l := range view.Leaflets {
		j := judge(l, int(sum[0]&1)) // the halves stay the same wherever the files lie
		column := fmt.Sprintf("%s %d", j.audience, j.half)
		s := r.counts[column]
		if s.good == nil {
			s.good = map[string]int{}
		}
		s.leaflets, s.rows, s.whole = s.leaflets+1, s.rows+j.rows, s.whole+j.whole
		for measure, good := range j.good {
			if good {
				s.good[measure]++
			}
		}
		r.counts[column] = s
		if len(j.faults) > 0 && (j.half == 0 || os.Getenv("DRUGSLM_HELD_OUT") != "") {
			r.faults[fmt.Sprintf("%s, leaflet %d, %s", filepath.Base(path), i+1, j.audience)] = j.faults
		}
	}
}

// worstFirst names leaflets, those with most faults first.
func worstFirst(faults map[string][]string) []string {
	names := make([]string, 0, len(faults))
	for name := range faults {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(len(faults[y])-len(faults[x]), strings.Compare(x, y)) })
	return names
}

// leafletTable shows counts side by side.
func leafletTable(files int, kinds map[leaflet.Kind]int, counts map[string]score) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "\n%d files: %v\n", files, kinds)
	columns := []string{"patient 0", "patient 1", "professional 0", "professional 1"}
	_, _ = fmt.Fprintf(w, "\tpatient, for mending\tpatient, held out\tprofessional, for mending\tprofessional, held out\t\n")
	_, _ = fmt.Fprintf(w, "leaflets")
	for _, c := range columns {
		_, _ = fmt.Fprintf(w, "\t%d", counts[c].leaflets)
	}
	for _, measure := range measures {
		_, _ = fmt.Fprintf(w, "\t\n%s", measure)
		for _, c := range columns {
			_, _ = fmt.Fprintf(w, "\t%d (%.1f %%)", counts[c].good[measure], 100*float64(counts[c].good[measure])/max(1, float64(counts[c].leaflets)))
		}
	}
	_, _ = fmt.Fprintf(w, "\t\nrows with date, subject and version")
	for _, c := range columns {
		_, _ = fmt.Fprintf(w, "\t%d of %d (%.1f %%)", counts[c].whole, counts[c].rows, 100*float64(counts[c].whole)/max(1, float64(counts[c].rows)))
	}
	_, _ = fmt.Fprintf(w, "\t\n")
	_ = w.Flush() // into memory
	return text.String()
}
