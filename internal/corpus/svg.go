package corpus

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Sizes of a histogram's picture, in pixels.
const (
	labelWidth = 190
	barWidth   = 420
	barHeight  = 20
	barStep    = 27
	headHeight = 44
	maxLabel   = 24 // characters
)

// SVG draws a histogram: a bar for each bin, with its name and its number. The picture is self-contained, follows the reader's
// light or dark colours, and says all it shows in its title. Names may be anything.
func (h Histogram) SVG() string {
	most := 1
	said := make([]string, len(h.Bins))
	for i, b := range h.Bins {
		most = max(most, b.Count)
		said[i] = fmt.Sprintf("%s: %d", b.Name, b.Count)
	}
	width, height := labelWidth+barWidth+90, headHeight+barStep*len(h.Bins)+10
	title := escapeXML(h.Title + ". " + strings.Join(said, "; "))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">
  <title>%s</title>
  <style>
    text { font: 13px ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
    .t { font-weight: 600; font-size: 15px; }
    .n { fill: #59636e; }
    rect { fill: #54aeff; }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .n { fill: #9198a1; } rect { fill: #388bfd; } }
  </style>
  <text class="t" x="10" y="24">%s</text>
`, width, height, width, height, title, title, escapeXML(h.Title))
	for i, bin := range h.Bins {
		y := headHeight + i*barStep
		long := float64(barWidth) * float64(bin.Count) / float64(most)
		fmt.Fprintf(&b, `  <text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="%d"/><text class="n" x="%.1f" y="%d">%d</text>
`, labelWidth-8, y+15, escapeXML(clip(bin.Name, maxLabel)), labelWidth, y, long, barHeight, float64(labelWidth)+long+6, y+15, bin.Count)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// escapeXML writes a text as XML has it; what XML cannot say at all is a replacement character.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}

// clip bounds a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
