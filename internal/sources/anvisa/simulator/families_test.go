package simulator

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/corpus"
)

// document is a leaflet as the corpus would get it: what is written into the file.
func document(p Product, a Audience, s script) corpus.Document {
	d := corpus.Document{ID: fmt.Sprintf("%d/%s#1", p.ID, a), Product: int64(p.ID), Audience: string(a), Name: p.Name, Registration: p.Registration, Kind: "leaflet"}
	amounts := regexp.MustCompile(`\d+ mg de `)
	for _, part := range s.sections {
		text := strings.Join(part.Paragraphs, "\n")
		d.Text += part.Heading + "\n" + text + "\n"
		if i, _, numbered := strings.Cut(part.Heading, ". "); numbered {
			d.Sections = append(d.Sections, corpus.Section{ID: string(a) + "." + i, Title: part.Heading, Text: text})
		}
		if _, contents, ok := strings.Cut(text, "Cada unidade contém "); ok && d.Ingredients == nil {
			contents, _, _ = strings.Cut(contents, ". Excipientes")
			for part := range strings.SplitSeq(amounts.ReplaceAllString(contents, ""), " e ") {
				d.Ingredients = append(d.Ingredients, part)
			}
		}
	}
	return d
}

// TestTheCorpusSplits puts what a portal holds through the corpus' own rules.
func TestTheCorpusSplits(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{
		{Products: 150, Cases: true}, {Products: 150, Seed: 2, Cases: true}, {Products: 150, Seed: 3}, {Products: 1000, Seed: 4, Cases: true},
	} {
		portal, err := New(o)
		require.NoError(t, err)
		sketcher := corpus.NewSketcher(corpus.DefaultOptions())
		var sketches []corpus.Sketch
		for _, p := range portal.index.products {
			for _, a := range []Audience{Patient, Professional} {
				if made := newOrder(p, p.current(), a); p.Has(a) && made.special.readable() {
					sketches = append(sketches, sketcher.Sketch(document(p.Product, a, compose(portal.opt.Seed, made))))
				}
			}
		}
		plan, err := corpus.Assign(sketches, corpus.DefaultOptions())
		require.NoError(t, err)
		require.Less(t, float64(plan.Largest), 0.05*float64(len(sketches)), "%+v: the largest of %d groups", o, plan.Groups)
		require.Empty(t, plan.Hubs, "%+v", o)
		splits, duplicates := map[string]int{}, map[string]int{}
		for _, place := range plan.Places {
			require.Empty(t, place.Excluded, "%s", place.ID)
			splits[place.Split]++
			duplicates[place.Duplicate]++
		}
		for split, share := range map[string]float64{corpus.Train: 0.8, corpus.Validation: 0.1, corpus.Test: 0.1} {
			require.InDelta(t, share, float64(splits[split])/float64(len(sketches)), 0.1, "%+v: %v", o, splits)
		}
		require.Greater(t, duplicates[corpus.Close], len(sketches)/20, "%+v: near duplicates", o)
		require.Greater(t, duplicates[corpus.None], len(sketches)/3, "%+v: the others", o)
		require.Equal(t, o.Cases, duplicates[corpus.Exact] > 0, "%+v: only what was filed twice is the same", o)
	}
}
