package pdf

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// The content stream of a page is usually in reading order, and then nothing changes here. Some programs print two columns line by
// line, left and right in turn; inOrder separates such columns. A table of two columns is printed like that too: the content of
// columns of prose tells them apart.
const (
	minPairs    = 6    // lines side by side
	minFill     = 0.6  // of a column's width, in the median line
	minSmall    = 0.3  // of a column's lines begin with a small letter
	minWords    = 3    // in the median line
	minGutter   = 4    // points between columns
	columnSlack = 2.5  // points by which the beginnings of the lines of a column may differ
	minGap      = 0.9  // of a line's height: the gap between two columns in a line
	minOverlap  = 0.5  // of a line's height: the overlap of lines that are side by side
	maxLeading  = 2.5  // of a line's height: from one line of a column to the next
	minShare    = 0.25 // of all segments of the page must be in a pair on each side
)

// segment is a part of a line without a gap.
type segment struct {
	from, to int // tokens
	box      Box
	line     int
}

func (s segment) height() float32 { return s.box.Y1 - s.box.Y0 }

// beside reports whether s and t are side by side.
func (s segment) beside(t segment) bool {
	return min(s.box.Y1, t.box.Y1)-max(s.box.Y0, t.box.Y0) > minOverlap*min(s.height(), t.height())
}

// maxRaised is the largest distance to the next word, as a part of a line's height, if the engine has put that on a separate line
// because one of them is raised, such as the digit of a footnote. Cells are further apart.
const maxRaised = 0.35

// lower returns words to the line from which a raised character separated them.
func lower(tokens []token) {
	for i := 1; i < len(tokens); i++ {
		a, b := segment{box: tokens[i-1].box}, segment{box: tokens[i].box}
		gap := b.box.X0 - a.box.X1
		if tokens[i-1].after == '\n' && a.box != (Box{}) && a.beside(b) && gap > -maxRaised*b.height() && gap < maxRaised*min(a.height(), b.height()) {
			tokens[i-1].after = ' '
			for j, from := i, tokens[i].line; j < len(tokens) && tokens[j].line == from; j++ {
				tokens[j].line = tokens[i-1].line
			}
		}
	}
}

// inOrder returns the tokens of a page in reading order.
func inOrder(tokens []token) []token {
	segments := segmentsOf(tokens)
	g, ok := gutterOf(tokens, segments)
	if !ok {
		return tokens
	}
	sides := make([]side, len(segments))
	for i, s := range segments {
		sides[i] = g.side(s)
	}
	first, last := g.extent(segments, sides)
	ordered := make([]token, 0, len(tokens))
	add := func(from, to int, want side) {
		for i := from; i < to; i++ {
			if want == across || sides[i] == want {
				ordered = appendSegment(ordered, tokens[segments[i].from:segments[i].to])
			}
		}
	}
	add(0, first, across)
	for i := first; i < last; {
		end := i
		for end < last && sides[end] != across {
			end++
		}
		add(i, end, left)
		add(i, end, right)
		if end < last {
			add(end, end+1, across)
			end++
		}
		i = end
	}
	add(last, len(segments), across)
	return ordered
}

// appendSegment begins a line with the tokens of a segment, unless they continue where the one before ended.
func appendSegment(ordered, tokens []token) []token {
	if n := len(ordered); n > 0 && ordered[n-1].last+maxBlanks < tokens[0].first && ordered[n-1].after == ' ' {
		ordered[n-1].after = '\n'
	} else if n > 0 && ordered[n-1].last > tokens[0].first {
		ordered[n-1].after = '\n'
	}
	return append(ordered, tokens...)
}

// maxBlanks limits the characters between two words of one line.
const maxBlanks = 3

// segmentsOf splits the lines of the stream at gaps.
func segmentsOf(tokens []token) []segment {
	var segments []segment
	for i, t := range tokens {
		if n := len(segments) - 1; n >= 0 {
			s := &segments[n]
			next := segment{box: t.box}
			gap := t.box.X0 - s.box.X1
			if t.line == s.line && s.beside(next) && gap < minGap*next.height() && gap > -next.height() {
				s.to = i + 1
				s.box = union(s.box, t.box)
				continue
			}
		}
		segments = append(segments, segment{from: i, to: i + 1, box: t.box, line: t.line})
	}
	return segments
}

func union(a, b Box) Box {
	return Box{min(a.X0, b.X0), min(a.Y0, b.Y0), max(a.X1, b.X1), max(a.Y1, b.Y1)}
}

// gutter is the space between two columns, with their beginning and end.
type gutter struct {
	left, x0, x1, right float32
	first, last         int // the segments of the first and the last pair
}

type side int

const (
	across side = iota
	left
	right
)

func (g gutter) side(s segment) side {
	switch {
	case s.box.X1 <= g.x1-minGutter/2 && s.box.X0 >= g.left-columnSlack:
		return left
	case s.box.X0 >= g.x1-columnSlack && s.box.X1 <= g.right+columnSlack:
		return right
	}
	return across
}

// extent extends the pairs by the lines before and after them that continue a column.
func (g gutter) extent(segments []segment, sides []side) (first, last int) {
	first, last = g.first, g.last+1
	for first > 0 && sides[first-1] == sides[first] && sides[first-1] != across && follows(segments[first-1], segments[first]) {
		first--
	}
	for last < len(segments) && sides[last] != across {
		before := last - 1
		for before > g.first && sides[before] != sides[last] {
			before--
		}
		if !follows(segments[before], segments[last]) {
			break
		}
		last++
	}
	return first, last
}

// follows reports whether b is on the line of a or on the next one.
func follows(a, b segment) bool {
	return b.box.Y0 >= a.box.Y0-a.height() && b.box.Y0-a.box.Y0 <= maxLeading*a.height()
}

// gutterOf finds the gutter of a page whose columns of prose the stream prints in turn.
func gutterOf(tokens []token, segments []segment) (gutter, bool) {
	var starts []float32
	for i := 1; i < len(segments); i++ {
		if pair(segments[i-1], segments[i]) {
			starts = append(starts, segments[i].box.X0)
		}
	}
	if len(starts) < minPairs {
		return gutter{}, false
	}
	g := gutter{x1: mode(starts), first: -1}
	var lefts, rights []segment
	for i := 1; i < len(segments); i++ {
		a, b := segments[i-1], segments[i]
		if !pair(a, b) || b.box.X0 < g.x1-columnSlack || b.box.X0 > g.x1+columnSlack {
			continue
		}
		if g.first < 0 {
			g.first = i - 1
		}
		g.last = i
		lefts, rights = append(lefts, a), append(rights, b)
		g.x0, g.right = max(g.x0, a.box.X1), max(g.right, b.box.X1)
	}
	g.left = median(lefts, func(s segment) float32 { return s.box.X0 })
	enough := len(lefts) >= minPairs && float64(len(lefts)) >= minShare*float64(g.last+1-g.first)
	return g, enough && g.x1-g.x0 >= minGutter && prose(tokens, lefts, g.left, g.x0) && prose(tokens, rights, g.x1, g.right)
}

// pair reports whether b is to the right of a.
func pair(a, b segment) bool { return a.beside(b) && b.box.X0-a.box.X1 >= minGutter }

// mode returns where most of the starts are, within the tolerance of a column.
func mode(starts []float32) float32 {
	slices.Sort(starts)
	best, most := starts[0], 0
	for i, j := 0, 0; i < len(starts); i++ {
		for j < len(starts) && starts[j]-starts[i] <= columnSlack {
			j++
		}
		if j-i > most {
			best, most = starts[i], j-i
		}
	}
	return best
}

func median[T any, N cmp.Ordered](all []T, of func(T) N) N {
	values := make([]N, len(all))
	for i, v := range all {
		values[i] = of(v)
	}
	slices.Sort(values)
	var zero N
	if len(values) == 0 {
		return zero
	}
	return values[len(values)/2]
}

// prose reports whether the lines of a column from x0 to x1 are running sentences, not the cells of a table.
func prose(tokens []token, lines []segment, x0, x1 float32) bool {
	small := 0
	for _, l := range lines {
		if r, _ := utf8.DecodeRuneInString(tokens[l.from].text); unicode.IsLower(r) {
			small++
		}
	}
	return float64(small) >= minSmall*float64(len(lines)) &&
		median(lines, func(s segment) float32 { return s.box.X1 - x0 }) >= minFill*(x1-x0) &&
		median(lines, func(s segment) int { return s.to - s.from }) >= minWords
}
