package corpus_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/corpus"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"case and blanks", "  ISTO\té\n\num   TESTE ", "isto é um teste"},
		{"composed", "reac\u0327a\u0303o", "reação"},
		{"punctuation", "gripe, (febre) – dor/mal-estar!", "gripe febre dor mal estar"},
		{"numbers stay", "10 mg", "10 mg"},
		{"decimals", "0,5 mg; 1.250,75 UI.", "0.5 mg 1.250.75 ui"},
		{"a comma between words", "a,b", "a b"},
		{"a comma after a number", "10, 20", "10 20"},
		{"a soft hyphen", "medi\u00adcamento", "medicamento"},
		{"micro and mu", "5 µg", "5 \u03bcg"},
		{"bytes that are no text", "a\xffb", "a b"},
		{"nothing", " \n—", ""},
	} {
		require.Equal(t, test.want, corpus.Normalize(test.in), test.name)
		require.Equal(t, test.want, corpus.Normalize(corpus.Normalize(test.in)), "%s: twice is once", test.name)
	}
	require.Equal(t, corpus.TextHash("Dose: 10 mg"), corpus.TextHash("DOSE 10\nMG."))
	require.NotEqual(t, corpus.TextHash("Dose: 10 mg"), corpus.TextHash("Dose: 100 mg"))
}

func FuzzNormalize(f *testing.F) {
	f.Add("Dose: 0,5 mg\u00ad/dia ½ ǅ")
	f.Add("1,\u0301")
	f.Fuzz(func(t *testing.T, text string) {
		once := corpus.Normalize(text)
		require.NotContains(t, once, "  ")
		require.Equal(t, strings.TrimSpace(once), once)
		require.Equal(t, once, corpus.Normalize(once))
	})
}

// The pieces in testdata are of Python's regex module with the pattern as GPT-2's code has it.
func TestPretokens(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Text   string
		Pieces []string
	}
	content, err := os.ReadFile("testdata/pretokens.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &cases))
	require.Greater(t, len(cases), 50)
	for _, c := range cases {
		require.Equal(t, len(c.Pieces), corpus.Pretokens(c.Text), "%q: %q", c.Text, c.Pieces)
	}
	require.Equal(t, 4, corpus.Words("Não use 0,5")) // a number with a comma is two words: nothing is guessed
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	pt := "Este medicamento não deve ser utilizado por mulheres grávidas sem orientação médica ou do cirurgião-dentista. Informe ao seu médico se você está usando outros medicamentos, pois eles podem aumentar os efeitos. "
	es := "Este medicamento no debe ser utilizado por mujeres embarazadas sin la orientación del médico. Informe a su médico si usted está tomando otros medicamentos, ya que los efectos pueden ser más fuertes con ellos. "
	en := "This medicine should not be used by women who are pregnant without the advice of a doctor. Tell your doctor if you are taking other medicines, because they may increase the effects. "
	for _, test := range []struct {
		name, text, language string
		least, most          float64
	}{
		{"Portuguese", strings.Repeat(pt, 40), "pt", 1, 1},
		{"capitals", strings.ToUpper(strings.Repeat(pt, 40)), "pt", 1, 1},
		{"one sentence", pt, "pt", 1, 1},
		{"Spanish", strings.Repeat(es, 40), "es", 1, 1},
		{"English", strings.Repeat(en, 40), "en", 1, 1},
		{"two thirds Portuguese", strings.Repeat(pt, 60) + strings.Repeat(es, 30), "pt", 0.6, 0.75},
		{"a page of English references", strings.Repeat(pt, 80) + strings.Repeat(en, 6), "pt", 0.9, 1},
		{"figures", strings.Repeat("Cmax 12,5 ng/mL AUC 3,4 ", 300), "und", 0, 0},
		{"nothing", "", "und", 0, 0},
	} {
		language, confidence := corpus.Language(test.text)
		require.Equal(t, test.language, language, test.name)
		require.GreaterOrEqual(t, confidence, test.least, test.name)
		require.LessOrEqual(t, confidence, test.most, test.name)
	}
}

func TestCurve(t *testing.T) {
	t.Parallel()
	n := corpus.DefaultNear()
	require.Equal(t, n.Bins, n.Bands*n.Rows)
	for _, point := range []struct{ jaccard, found float64 }{
		{0.3, 0.0021}, {0.5, 0.1178}, {0.6, 0.4186}, {0.7, 0.8502}, {0.8, 0.9972}, {0.9, 1},
	} {
		require.InDelta(t, point.found, n.Found(point.jaccard), 0.0005, "at %v", point.jaccard)
	}
	require.InDelta(t, 0.025, n.StandardError(n.Threshold), 0.0001)
}

// vocabulary gives words that look like words: a document is drawn from it.
func vocabulary(r *rand.Rand, n int) []string {
	syllables := strings.Fields("ba ca da fa la ma na pa ra sa ta bi ci di mi ni ri si ti bo co do mo no ro so to cão são ção")
	words := make([]string, n)
	for i := range words {
		for range 2 + r.IntN(3) {
			words[i] += syllables[r.IntN(len(syllables))]
		}
	}
	return words
}

// prose is n words, among them enough that are Portuguese.
func prose(r *rand.Rand, words []string, n int) string {
	glue := strings.Fields("de não em com uma são ao dos das do que para")
	var b strings.Builder
	for i := range n {
		if i%3 == 0 {
			b.WriteString(glue[r.IntN(len(glue))])
		} else {
			b.WriteString(words[r.IntN(len(words))])
		}
		b.WriteByte(" \n"[min(1, i%12/11)])
	}
	return b.String()
}

// changed is text with a share of its words replaced.
func changed(r *rand.Rand, text string, share float64, words []string) string {
	fields := strings.Fields(text)
	for i := range fields {
		if r.Float64() < share {
			fields[i] = words[r.IntN(len(words))]
		}
	}
	return strings.Join(fields, " ")
}

// jaccard is that of the shingles of k words of two texts.
func jaccard(k int, a, b string) float64 {
	shingles := func(s string) map[string]bool {
		words, set := strings.Fields(corpus.Normalize(s)), map[string]bool{}
		for i := range len(words) - k + 1 {
			set[strings.Join(words[i:i+k], " ")] = true
		}
		return set
	}
	x, y := shingles(a), shingles(b)
	both := 0
	for s := range x {
		if y[s] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

func leaflet(id string, product int64, text string) corpus.Document {
	return corpus.Document{
		ID: id, Product: product, Audience: "professional", Name: fmt.Sprintf("Nome %d", product), Kind: "leaflet", Text: text, Source: "text",
	}
}

func assign(t testing.TB, o corpus.Options, documents ...corpus.Document) *corpus.Plan {
	t.Helper()
	s := corpus.NewSketcher(o)
	var sketches []corpus.Sketch
	for _, d := range documents {
		sketches = append(sketches, s.Sketch(d))
	}
	p, err := corpus.Assign(sketches, o)
	require.NoError(t, err)
	return p
}

// TestEstimate: what is called similar is so, by the exact index, within four standard errors.
func TestEstimate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	words := vocabulary(r, 3000)
	o := corpus.DefaultOptions()
	o.MinCharacters = 0
	for _, length := range []int{150, 400, 3000, 9000} { // short documents have empty bins
		for _, share := range []float64{0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.2} {
			text := prose(r, words, length)
			other := changed(r, text, share, words)
			p := assign(t, o, leaflet("a", 1, text), leaflet("b", 2, other))
			exact := jaccard(o.Near.Shingle, text, other)
			at := fmt.Sprintf("%d words, %v changed, exact %.3f", length, share, exact)
			margin := 4 * o.Near.StandardError(o.Near.Threshold)
			b := p.Places[1]
			switch {
			case exact > o.Near.Threshold+margin:
				require.Equal(t, "a", b.Cluster, at)
				require.InDelta(t, exact, b.Similarity, margin, at)
			case exact < o.Near.Threshold-margin:
				require.Equal(t, "b", b.Cluster, at)
				require.Equal(t, corpus.None, b.Duplicate, at)
			}
		}
	}
}

func TestClusters(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	words := vocabulary(r, 3000)
	text := prose(r, words, 2000)
	better := leaflet("z", 9, changed(r, text, 0.01, words))
	better.Sections = []corpus.Section{{ID: "professional.1", Number: 1, Text: better.Text}}
	spanish := leaflet("s", 7, strings.Repeat("Este medicamento no debe ser utilizado con los otros del mismo grupo y usted debe consultar a su médico. ", 40))
	cover := leaflet("c", 8, text)
	cover.Kind = "cover_sheet"
	documents := []corpus.Document{
		leaflet("a", 1, text), leaflet("b", 2, strings.ToUpper(text)), leaflet("c1", 3, changed(r, text, 0.5, words)),
		better, spanish, cover, leaflet("short", 10, "Curto."),
	}
	p := assign(t, corpus.DefaultOptions(), documents...)
	of := func(id string) corpus.Place {
		place, ok := p.Of(id)
		require.True(t, ok, id)
		return place
	}
	require.True(t, of("z").Representative(), "most sections first, whatever the id")
	require.Equal(t, 3, of("z").ClusterSize)
	require.Equal(t, "z", of("a").Cluster)
	require.Equal(t, corpus.Close, of("a").Duplicate)
	require.Equal(t, "z", of("b").Cluster, "what is the same as a near duplicate is one, too")
	require.Equal(t, corpus.None, of("c1").Duplicate)
	require.Equal(t, corpus.NotPortuguese, of("s").Excluded)
	require.Equal(t, corpus.NotALeaflet, of("c").Excluded)
	require.Equal(t, corpus.TooShort, of("short").Excluded)
	for _, id := range []string{"s", "c", "short"} {
		require.Equal(t, corpus.Excluded, of(id).Split)
		require.False(t, of(id).Representative())
	}
	require.Equal(t, of("a").Group, of("z").Group)
	require.NotEqual(t, of("a").Group, of("c1").Group)

	for range 5 { // the order of the documents says nothing
		r.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
		q := assign(t, corpus.DefaultOptions(), documents...)
		for _, want := range p.Places {
			got, _ := q.Of(want.ID)
			require.Equal(t, want, got)
		}
	}
	same := corpus.NewSketcher(corpus.DefaultOptions()).Sketch(documents[0])
	_, err := corpus.Assign([]corpus.Sketch{same, same}, corpus.DefaultOptions())
	require.ErrorContains(t, err, "comes twice")
}

// A chain of texts, each similar to the next: all go into one split, and none is dropped that is not similar to what is kept.
func TestChain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	words := vocabulary(r, 3000)
	text := prose(r, words, 2000)
	var documents []corpus.Document
	texts := map[string]string{}
	for i := range 30 {
		d := leaflet(fmt.Sprintf("d%02d", i), int64(i+1), text)
		documents, texts[d.ID] = append(documents, d), text
		text = changed(r, text, 0.01, words)
	}
	o := corpus.DefaultOptions()
	p := assign(t, o, documents...)
	representatives := 0
	for _, d := range p.Places {
		require.Equal(t, p.Places[0].Group, d.Group)
		if d.Representative() {
			representatives++
			continue
		}
		require.GreaterOrEqual(t, jaccard(o.Near.Shingle, texts[d.ID], texts[d.Cluster]), o.Near.Threshold-4*o.Near.StandardError(o.Near.Threshold))
	}
	require.Greater(t, representatives, 2)
	require.Less(t, representatives, 30)
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	words := vocabulary(r, 3000)
	document := func(product int64, name, registration string, ingredients ...string) corpus.Document {
		d := leaflet(fmt.Sprint(product), product, prose(r, words, 400))
		d.Name, d.Registration, d.Ingredients = name, registration, ingredients
		return d
	}
	p := assign(t, corpus.DefaultOptions(),
		document(1, "LOSARTANA POTÁSSICA", "", "losartana potássica"),
		document(2, "Cozaar", "", "Losartana"),
		document(3, "Losartana Potassica", ""),
		document(4, "Hyzaar", "", "losartana potássica", "hidroclorotiazida"),
		document(5, "Corus H", "", "Hidroclorotiazida", "Losartana Potássica"),
		document(6, "Glifage", "100890335", "cloridrato de metformina"),
		document(7, "Glifage XR", "100890335"),
		document(8, "Slow-K", "", "cloreto de potássio"),
		document(9, "Outro", "", "gluconato de potássio"),
		document(10, "METFORMINA", "", "metformina tri-hidratada"),
		document(11, "hidroclorotiazida + losartana", ""),
	)
	group := func(id string) string {
		place, _ := p.Of(id)
		return place.Group
	}
	require.Equal(t, "1", group("2"), "a salt")
	require.Equal(t, "1", group("3"), "a name")
	require.Equal(t, "4", group("5"), "in whatever order")
	require.Equal(t, "4", group("4"), "a combination is another family than its part")
	require.Equal(t, "6", group("7"), "a registration")
	require.Equal(t, "6", group("10"), "a generic is called by its ingredient")
	require.Equal(t, "4", group("11"), "or by its ingredients")
	require.Equal(t, "9", group("9"), "minerals are told by their salts")
	place, _ := p.Of("5")
	require.Equal(t, "hidroclorotiazida + losartana", place.Family)
}

// TestHub: an ingredient that was misread in many documents does not glue them.
func TestHub(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	words := vocabulary(r, 3000)
	var documents []corpus.Document
	for i := range 200 {
		d := leaflet(fmt.Sprintf("d%03d", i), int64(i+1), prose(r, words, 200))
		if i%2 == 0 {
			d.Ingredients = []string{"água"}
		}
		documents = append(documents, d)
	}
	p := assign(t, corpus.DefaultOptions(), documents...)
	require.Equal(t, []corpus.Hub{{Key: "substance:agua", Products: 100}}, p.Hubs)
	require.Equal(t, 200, p.Groups)
	require.Equal(t, 1, p.Largest)
}

// TestSplit: shares as asked for, and new documents leave the old ones where they are.
func TestSplit(t *testing.T) {
	t.Parallel()
	o := corpus.DefaultOptions()
	s := corpus.NewSketcher(o)
	r := rand.New(rand.NewPCG(11, 12))
	words := vocabulary(r, 3000)
	var sketches []corpus.Sketch
	for i := range 3000 {
		d := leaflet(fmt.Sprintf("d%04d", i), int64(i+1), prose(r, words, 200))
		d.Ingredients = []string{fmt.Sprintf("substância %d", i*i%1500)}
		sketches = append(sketches, s.Sketch(d))
	}
	before, err := corpus.Assign(sketches[:2000], o)
	require.NoError(t, err)
	after, err := corpus.Assign(sketches, o)
	require.NoError(t, err)
	moved := 0
	counts := map[string]int{}
	for _, d := range before.Places {
		now, _ := after.Of(d.ID)
		if now.Split != d.Split {
			moved++
		}
	}
	for _, d := range after.Places {
		counts[d.Split]++
	}
	require.Zero(t, moved, "new products have higher numbers than old ones")
	require.InDelta(t, 0.8, float64(counts[corpus.Train])/3000, 0.05)
	require.InDelta(t, 0.1, float64(counts[corpus.Validation])/3000, 0.04)
	require.InDelta(t, 0.1, float64(counts[corpus.Test])/3000, 0.04)
}
