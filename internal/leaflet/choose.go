package leaflet

import "slices"

// chosen holds the headings of one leaflet.
type chosen struct {
	audience Audience
	headings []heading
}

// choose selects the headings of one leaflet from the candidates: the numbered ones in order, for the audience that has more of them,
// and those without a number around them.
func choose(found []heading) chosen {
	body, table := untilHistory(found)
	best, weight := chosen{audience: Other}, 0
	for _, a := range []Audience{Professional, Patient} {
		if chain, w := longest(body, a); len(chain) > 1 && w > weight {
			best, weight = chosen{audience: a, headings: chain}, w
		}
	}
	best.headings = strays(body, best)
	front, back := around(body, best.headings)
	best.headings = slices.Concat(front, best.headings, back)
	if table != nil {
		best.headings = append(best.headings, *table)
	}
	return best
}

// untilHistory drops the candidates from the table of changes on. That table is at the end: before the first title of the leaflet its
// name would be an entry of a list.
func untilHistory(found []heading) (body []heading, table *heading) {
	started := false
	for i, h := range found {
		started = started || h.info.Number > 0 || h.info.ID == legal
		if started && h.info.ID == history {
			return found[:i], &found[i]
		}
	}
	return found, nil
}

// longest finds the heaviest chain of numbered headings of audience a in rising order; of equal chains, the earliest.
func longest(found []heading, a Audience) ([]heading, int) {
	type chain struct {
		headings []heading
		weight   int
	}
	var ending [11]chain // by the number of the last heading
	for _, h := range found {
		if h.info.Number == 0 || h.audience != a {
			continue
		}
		var before chain
		for n := range h.info.Number {
			if ending[n].weight > before.weight {
				before = ending[n]
			}
		}
		if w := before.weight + h.weight; w > ending[h.info.Number].weight {
			ending[h.info.Number] = chain{append(slices.Clip(before.headings), h), w}
		}
	}
	best := slices.MaxFunc(ending[:], func(x, y chain) int { return x.weight - y.weight })
	return best.headings, best.weight
}

// strayWeight is the least weight of a title that is accepted out of order: it has its number and is in capitals.
const strayWeight = 15

// strays adds to the chain the certain titles that are not in the order of the rule, in text order. Without them their text would
// belong to the section before. A leaflet that prints no numbers has its own order.
func strays(found []heading, c chosen) []heading {
	if len(c.headings) == 0 {
		return nil
	}
	has := map[string]bool{}
	numbers := false
	for _, h := range c.headings {
		has[h.info.ID] = true
		numbers = numbers || h.number != unnumbered
	}
	all := slices.Clone(c.headings)
	for _, h := range found {
		sure := h.weight >= strayWeight || !numbers && h.weight > 0
		if h.info.Number == 0 || h.audience != c.audience || has[h.info.ID] || !sure || h.mentioned {
			continue
		}
		has[h.info.ID] = true
		h.stray = true
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b heading) int { return a.line - b.line })
	return all
}

// around finds the headings without a number: the first of each kind before the chain, and the legal notices after it.
func around(found, chain []heading) (front, back []heading) {
	first, last := len(found), -1 // lines are not needed: found is in order
	if len(chain) > 0 {
		first = slices.IndexFunc(found, func(h heading) bool { return h.line == chain[0].line })
		last = slices.IndexFunc(found, func(h heading) bool { return h.line == chain[len(chain)-1].line })
	}
	seen := map[string]bool{}
	for _, h := range found[:first] {
		if h.info.Number == 0 && h.info.ID != legal && h.info.ID != history && !seen[h.info.ID] {
			seen[h.info.ID] = true
			front = append(front, h)
		}
	}
	for _, h := range found[last+1:] {
		if h.info.ID == legal {
			return front, []heading{h}
		}
	}
	return front, nil
}
