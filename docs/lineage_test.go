package docs_test

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

// Sizes of the picture of the lineage, in SVG units.
const (
	boxWidth, boxHeight = 146, 56
	laneHeight          = 12 // of an arrow that passes a column
	columnGap, rowGap   = 40, 16
	edge                = 32 // from the picture's edge to the first box
	top                 = 216
)

// node is a box of the picture, or a lane in which an arrow passes a column.
type node struct {
	asset        *asset.Asset // nil: a lane
	column       int
	x, y, height int
	from         []*node
}

// lineage lays the assets out in columns, each as far to the right as its longest way from a source. Arrows that
// follow from others are left out.
func lineage(assets []*asset.Asset) (columns [][]*node) {
	boxes := make(map[asset.Key]*node)
	place := func(n *node) *node {
		for len(columns) <= n.column {
			columns = append(columns, nil)
		}
		columns[n.column] = append(columns[n.column], n)
		return n
	}
	for _, a := range assets { // dependencies first
		n := &node{asset: a, height: boxHeight}
		for _, dep := range a.Deps {
			n.column = max(n.column, boxes[dep.Key].column+1)
		}
		boxes[a.Key] = place(n)
		for _, dep := range a.Deps {
			if follows(assets, a, dep.Key) {
				continue
			}
			before := boxes[dep.Key]
			for before.column < n.column-1 {
				before = place(&node{column: before.column + 1, height: laneHeight, from: []*node{before}})
			}
			n.from = append(n.from, before)
		}
	}
	tallest := 0
	for _, column := range columns {
		tallest = max(tallest, heightOf(column))
	}
	for i, column := range columns {
		if i > 0 {
			slices.SortStableFunc(column, func(a, b *node) int { return cmp.Compare(a.origin(), b.origin()) })
		}
		y := top + (tallest-heightOf(column))/2
		for _, n := range column {
			n.x, n.y = edge+i*(boxWidth+columnGap), y
			y += n.height + rowGap
		}
	}
	return columns
}

// follows reports whether an asset is made from another also by way of a third.
func follows(assets []*asset.Asset, a *asset.Asset, dep asset.Key) bool {
	deps := make(map[asset.Key][]asset.Dep, len(assets))
	for _, other := range assets {
		deps[other.Key] = other.Deps
	}
	var reaches func(key asset.Key) bool
	reaches = func(key asset.Key) bool {
		return slices.ContainsFunc(deps[key], func(d asset.Dep) bool { return d.Key == dep || reaches(d.Key) })
	}
	return slices.ContainsFunc(a.Deps, func(d asset.Dep) bool { return d.Key != dep && reaches(d.Key) })
}

func heightOf(column []*node) int {
	height := -rowGap
	for _, n := range column {
		height += n.height + rowGap
	}
	return height
}

// middle is where arrows meet the node.
func (n *node) middle() int { return n.y + n.height/2 }

// origin is the height from which the node's arrows come, on average. A node without any stays below the others.
func (n *node) origin() float64 {
	if len(n.from) == 0 {
		return math.Inf(1)
	}
	sum := 0
	for _, before := range n.from {
		sum += before.middle()
	}
	return float64(sum) / float64(len(n.from))
}

// drawLineage is the picture of the lineage: the assets between the source and what keeps them.
func drawLineage(assets []*asset.Asset) string {
	columns := lineage(assets)
	bottom, width := top, 2*edge+len(columns)*(boxWidth+columnGap)-columnGap
	var boxes, arrows strings.Builder
	for _, column := range columns {
		for _, n := range column {
			bottom = max(bottom, n.y+n.height)
			drawNode(&boxes, &arrows, n)
		}
	}
	var b strings.Builder
	third := (width - 32 - 2*24) / 3
	fmt.Fprintf(&b, lineageHead, width, bottom+130, width, bottom+130)
	band := func(class string, x, y, width int, lines ...string) {
		fmt.Fprintf(&b, "  <rect class=%q x=\"%d\" y=\"%d\" width=\"%d\" height=\"52\"/>\n", class, x, y, width)
		for i, line := range lines {
			fmt.Fprintf(&b, "  <text class=%q x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", "ts"[i:i+1], x+width/2, y+22+18*i, html.EscapeString(line))
		}
	}
	band("n", 16, 16, third, "Bulário Eletrônico", "ANVISA's portal, or a simulated one")
	band("n", 16, 104, third, "browser sessions, one pace", "one rate for all workers together")
	band("w", 40+third, 104, third, "Temporal", "plans, batches, retries; survives kills")
	band("n", 64+2*third, 104, third, "PDFium and Tesseract", "in a sandbox, in a child process")
	half := (width - 32 - 24) / 2
	band("k", 16, bottom+62, half, "ledger (SQLite)", "the state of every item, and why")
	band("k", 40+half, bottom+62, half, "lake (Delta Lake and PDFs)", "what readers see: checked, then published")
	fmt.Fprintf(&b, "  <rect class=\"f\" x=\"16\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", top-16, width-32, bottom-top+32)
	fmt.Fprintf(&b, "  <path d=\"M%d 68V103\" marker-start=\"url(#e)\" marker-end=\"url(#e)\"/>\n", 16+third/2)
	for i := range 3 {
		fmt.Fprintf(&b, "  <path d=\"M%d 156V199\" marker-end=\"url(#e)\"/>\n", 16+third/2+i*(third+24))
	}
	fmt.Fprintf(&b, "  <path d=\"M%d %dV%d\" marker-start=\"url(#e)\" marker-end=\"url(#e)\"/>\n", 16+half/2, bottom+17, bottom+61)
	fmt.Fprintf(&b, "  <path d=\"M%d %dV%d\" marker-end=\"url(#e)\"/>\n", 40+half+half/2, bottom+16, bottom+61)
	return b.String() + arrows.String() + boxes.String() + "</svg>\n"
}

// drawNode draws a node and the arrows that lead to it.
func drawNode(boxes, arrows *strings.Builder, n *node) {
	head := ` marker-end="url(#e)"`
	if n.asset == nil {
		head = ""
		fmt.Fprintf(arrows, "  <path d=\"M%d %dH%d\"/>\n", n.x, n.middle(), n.x+boxWidth)
	}
	for _, before := range n.from {
		bend := n.x - columnGap/2
		fmt.Fprintf(arrows, "  <path d=\"M%d %dH%dV%dH%d\"%s/>\n", before.x+boxWidth, before.middle(), bend, n.middle(), n.x-1, head)
	}
	if n.asset == nil {
		return
	}
	class := map[string]string{"observed": "o", "listed": "a", "item by item": "i", "derived": "d"}[form(n.asset)]
	size := min(13, 13*19/max(1, len(n.asset.Key)))
	fmt.Fprintf(boxes, "  <rect class=%q x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class, n.x, n.y, boxWidth, n.height)
	fmt.Fprintf(boxes, "  <text class=\"t\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" style=\"font-size:%dpx\">%s</text>\n", n.x+boxWidth/2, n.y+24, size, n.asset.Key)
	fmt.Fprintf(boxes, "  <text class=\"s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", n.x+boxWidth/2, n.y+42, html.EscapeString(subtitle(n.asset)))
}

// subtitle says how the asset's rows come about, and by what it is partitioned.
func subtitle(a *asset.Asset) string {
	if a.Partitions.Name == asset.Single().Name {
		return form(a) + ", in one piece"
	}
	return form(a) + " · " + a.Partitions.Name
}

const lineageHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="The assets and what each is made from, between the portal and the stores.">
  <title>The assets and what each is made from, between the portal and the stores. Generated: make generate.</title>
  <style>
    text { font: 13px ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
    .t { font-weight: 600; }
    .s { font-size: 12px; fill: #59636e; }
    rect { fill: #f6f8fa; stroke: #c4ccd4; stroke-width: 1.2; rx: 6; }
    .f { fill: none; stroke-dasharray: 4 3; }
    .a { fill: #ddf4ff; stroke: #54aeff; }
    .i { fill: #fbefff; stroke: #c297ff; }
    .d { fill: #fff1e5; stroke: #fb8f44; }
    .o { stroke-dasharray: 4 3; }
    .w { fill: #fff8c5; stroke: #d4a72c; }
    .k { fill: #dafbe1; stroke: #4ac26b; }
    path { fill: none; stroke: #59636e; stroke-width: 1.4; }
    marker path { fill: #59636e; stroke: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .s { fill: #9198a1; }
      rect { fill: #212830; stroke: #4d5761; }
      .f { fill: none; }
      .a { fill: #0d2d4e; stroke: #388bfd; }
      .i { fill: #2f1f4d; stroke: #8957e5; }
      .d { fill: #3d2310; stroke: #bd561d; }
      .w { fill: #3b2e0c; stroke: #9e6a03; }
      .k { fill: #0f3a20; stroke: #2ea043; }
      path { stroke: #9198a1; }
      marker path { fill: #9198a1; stroke: none; }
    }
  </style>
  <defs><marker id="e" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>
`

// TestLineage lays out a graph in which one arrow follows from others, and one passes a column.
func TestLineage(t *testing.T) {
	t.Parallel()
	var assets []*asset.Asset
	for _, a := range []struct {
		key  asset.Key
		deps []asset.Key
	}{
		{"a/raw", nil}, {"a/apart", nil}, {"a/clean", []asset.Key{"a/raw"}}, {"a/joined", []asset.Key{"a/raw", "a/clean"}}, {"a/both", []asset.Key{"a/clean", "a/apart"}},
	} {
		assets = append(assets, &asset.Asset{Key: a.key, Deps: asset.On(a.deps...), Partitions: asset.Single()})
	}
	columns := lineage(assets)
	var drawn [][]string
	for _, column := range columns {
		var keys []string
		bottom := 0
		for _, n := range column {
			require.GreaterOrEqual(t, n.y, bottom, "nothing lies over something else")
			bottom = n.y + n.height
			name := "lane"
			if n.asset != nil {
				name = string(n.asset.Key)
			}
			for _, before := range n.from {
				require.Equal(t, n.column-1, before.column, "an arrow leads from one column to the next")
				if before.asset != nil {
					name += " from " + string(before.asset.Key)
				}
			}
			keys = append(keys, name)
		}
		drawn = append(drawn, keys)
	}
	require.Equal(t, [][]string{{"a/raw", "a/apart"}, {"a/clean from a/raw", "lane from a/apart"}, {"a/joined from a/clean", "a/both from a/clean"}}, drawn)
	for _, a := range assets {
		require.Contains(t, drawLineage(assets), ">"+string(a.Key)+"<")
	}
}
