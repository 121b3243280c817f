package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"drugslm/internal/quality"
)

// reportView is the data of quality.html.
type reportView struct {
	page
	quality.Report
	Now    time.Time
	Charts []chart
	Kinds  []slice
	Pages  []slice
}

// chart is a histogram in an SVG of 640 by 180.
type chart struct {
	Name, Unit string
	Bars       []bar
	Ticks      []tick
	Most       int64
	Spread     quality.Spread
}

type bar struct {
	X, Y, Width, Height string
	Label               string
}

type tick struct{ X, Label string }

// slice is a part of a whole.
type slice struct {
	Name  string
	Count int
	Share *float64
}

func reportOf(r quality.Report, now time.Time) (reportView, error) {
	frame, err := frame()
	if err != nil {
		return reportView{}, err
	}
	total := r.Total
	v := reportView{page: frame, Report: r, Now: now, Kinds: slicesOf(total.Kinds), Pages: slicesOf(total.PagesBySource)}
	for _, c := range []struct {
		name, unit string
		bins       []quality.Bin
		spread     quality.Spread
		format     func(float64) string
	}{
		{"Score", "documents", total.Histograms.Score, total.Score, whole},
		{"Characters a page", "documents", total.Histograms.CharactersPerPage, total.CharactersPerPage, whole},
		{"Confidence", "sections", total.Histograms.Confidence, total.Confidence, func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }},
	} {
		v.Charts = append(v.Charts, draw(c.name, c.unit, c.bins, c.spread, c.format))
	}
	return v, nil
}

func whole(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }

// slicesOf returns the parts of a whole, the largest first.
func slicesOf(counts map[string]int) []slice {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	var all []slice
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		of := float64(counts[name]) / float64(max(1, sum))
		all = append(all, slice{name, counts[name], &of})
	}
	slices.SortStableFunc(all, func(a, b slice) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// Dimensions of a chart.
const (
	chartWidth, chartHeight = 640.0, 150.0
	leastBar                = 2.0 // one document among thousands stays visible
	mostTicks               = 11
)

func draw(name, unit string, bins []quality.Bin, spread quality.Spread, format func(float64) string) chart {
	c := chart{Name: name, Unit: unit, Spread: spread}
	for _, b := range bins {
		c.Most = max(c.Most, b.Count)
	}
	if c.Most == 0 {
		return c
	}
	width := chartWidth / float64(len(bins))
	every := (len(bins) + mostTicks - 1) / mostTicks
	for i, b := range bins {
		x := float64(i) * width
		if b.Count > 0 {
			height := max(leastBar, chartHeight*float64(b.Count)/float64(c.Most))
			c.Bars = append(c.Bars, bar{
				point(x + width*0.04), point(chartHeight - height), point(width * 0.92), point(height),
				fmt.Sprintf("%s to %s: %d %s", format(b.From), format(b.To), b.Count, unit),
			})
		}
		if i%every == 0 {
			c.Ticks = append(c.Ticks, tick{point(x), format(b.From)})
		}
	}
	c.Ticks = append(c.Ticks, tick{point(chartWidth), format(bins[len(bins)-1].To)})
	if n := len(c.Ticks); n > 2 && len(bins)%every != 0 && len(bins)%every < (every+1)/2 { // it would overlap the last
		c.Ticks = slices.Delete(c.Ticks, n-2, n-1)
	}
	return c
}

func point(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// Shown returns the partitions that have documents or quarantined items, and then the total.
func (v reportView) Shown() []quality.Summary {
	all := slices.DeleteFunc(slices.Clone(v.Partitions), func(s quality.Summary) bool { return s.Documents == 0 && s.Quarantined == 0 })
	return append(all, v.Total)
}

// Number formats a figure without decimals; a dash for none.
func (v reportView) Number(n *float64) string {
	if n == nil {
		return "–"
	}
	return whole(*n)
}

// Spreads formats the median of values with the 5th and 95th percentiles.
func (v reportView) Spreads(s quality.Spread) string {
	if s.Median == nil {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", figure(*s.Median), figure(*s.P5), figure(*s.P95))
}

func figure(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// Disagreeing counts the values that leaflets print differently from the catalog, of those that were compared.
func (v reportView) Disagreeing(s quality.Summary) string {
	compared, disagree := s.Comparisons()
	return fmt.Sprintf("%d of %d", disagree, compared)
}

// Tone returns the CSS class of the colour of a share of complete leaflets. The target is 95 %.
func (v reportView) Tone(share *float64) string {
	switch {
	case share == nil:
		return ""
	case *share >= 0.95:
		return "good"
	case *share >= 0.8:
		return "fair"
	}
	return "poor"
}

// DocumentTone returns the CSS class of the colour of a score.
func (v reportView) DocumentTone(d quality.Document) string { return tone(&d) }
