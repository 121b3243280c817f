package asset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
)

// Everything chooses all partitions of a set.
const Everything = "all"

// choose resolves what a user typed into indices of each set's keys, in their order. A word that means nothing in any
// set is an error, and those after it are not looked at; sets of which no key is known are noted in the plan.
func (v *View) choose(selected []*Asset, words []string, plan *Plan) (map[*Partitions][]int, error) {
	var sets []*Partitions
	taken := make(map[*Partitions][]bool)
	for _, a := range selected {
		if _, done := taken[a.Partitions]; done {
			continue
		}
		for _, name := range v.Undiscovered(a) {
			if !slices.Contains(plan.Undiscovered, name) {
				plan.Undiscovered = append(plan.Undiscovered, name)
			}
		}
		sets = append(sets, a.Partitions)
		taken[a.Partitions] = make([]bool, len(v.Keys(a).list))
	}
	for _, word := range words {
		meant := len(plan.Undiscovered) > 0 // what is unknown now may be known after the source was asked
		for _, set := range sets {
			keys := v.set(set)
			if err := keys.checkWord(word); err != nil {
				return nil, err
			}
			for _, i := range keys.find(word) {
				taken[set][i], meant = true, true
			}
		}
		if !meant {
			return nil, fault.New(fault.Invalid, "choose partitions", "partition %q is unknown; %s; `starter partitions list` lists them", short(word), v.known(selected, word))
		}
	}
	chosen := make(map[*Partitions][]int, len(taken))
	for set, taken := range taken {
		chosen[set] = make([]int, 0, len(taken))
		for i := range taken {
			if taken[i] || len(words) == 0 {
				chosen[set] = append(chosen[set], i)
			}
		}
	}
	return chosen, nil
}

// Choose gives the keys of the partitions that a user means by some words, by asset: keys, ranges, globs or labels. No
// words mean all; a word that means nothing is an error with the nearest.
func (v *View) Choose(selected []*Asset, words []string) (map[Key][]string, error) {
	chosen, err := v.choose(selected, words, &Plan{})
	if err != nil {
		return nil, err
	}
	keys := make(map[Key][]string, len(selected))
	for _, a := range selected {
		names := v.Keys(a).names()
		for _, i := range chosen[a.Partitions] {
			keys[a.Key] = append(keys[a.Key], names[i])
		}
	}
	return keys, nil
}

// find gives the indices that one word means: a key, a range, a glob over keys, or a label. Accents may be apart from
// their letters, or left out where that is clear.
func (k Keys) find(word string) []int {
	word = composed(word)
	if i := k.Index(word); i >= 0 {
		return []int{i}
	}
	if from, to, isRange := strings.Cut(word, ".."); isRange {
		return k.between(from, to)
	}
	var found []int
	for i, p := range k.list {
		glob, err := match(word, p.Key)
		if word == Everything || strings.EqualFold(composed(p.Label), word) || err == nil && glob && strings.ContainsAny(word, "*?[") {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return k.alike(word)
	}
	return found
}

// between gives the indices from one key to another, both included. Windows of time need not be there: those that
// begin within the range are meant.
func (k Keys) between(from, to string) []int {
	first, last := k.Index(from), k.Index(to)
	if k.set != nil && k.set.Windowed() {
		start, _, okFrom := k.set.window.moment(from)
		_, end, okTo := k.set.window.moment(to)
		if !okFrom || !okTo {
			return nil
		}
		first, _ = slices.BinarySearch(k.from, start.Unix())
		last, _ = slices.BinarySearch(k.from, end.Unix())
		last--
	}
	if first < 0 || last < first {
		return nil
	}
	found := make([]int, 0, last-first+1)
	for i := first; i <= last; i++ {
		found = append(found, i)
	}
	return found
}

// moment reads an end of a range of windows, a key or a day, and gives the instants from and before which windows begin.
func (s *windows) moment(text string) (from, before time.Time, ok bool) {
	if mark, err := s.mark(s.Layout, text); err == nil {
		at := s.instant(mark)
		return at, at.Add(time.Second), true
	}
	if mark, err := s.mark(DayLayout, text); err == nil {
		return s.instant(mark), s.instant(mark.AddDate(0, 0, 1)), true
	}
	return from, before, false
}

// shown is how many partitions an error names of each set.
const shown = 12

// known tells what there is, the nearest to the word first.
func (v *View) known(selected []*Asset, word string) string {
	var sets []Keys
	var words []string
	for _, a := range selected {
		if k := v.Keys(a); !slices.ContainsFunc(sets, func(other Keys) bool { return other.set == k.set }) {
			sets, words = append(sets, k), append(words, k.words()...)
		}
	}
	texts := make([]string, len(sets))
	for i, k := range sets {
		texts[i] = k.describe(word, len(sets) == 1)
	}
	all := strings.Join(texts, "; ")
	if like := likely(word, words); len(like) > 0 && !strings.HasPrefix(all, "the nearest of") {
		return "nearest: " + strings.Join(like, ", ") + "; " + all
	}
	return all
}

// describe names partitions of the set for an error about a word, which is about this set alone or about more.
func (k Keys) describe(word string, alone bool) string {
	if len(k.list) == 0 {
		return fmt.Sprintf("%s has none yet", k.set.Name)
	}
	if k.set.Windowed() {
		return fmt.Sprintf("%s has %d windows from %s to %s: write one, or a range such as %s..%s", k.set.Name, len(k.list),
			k.list[0].Key, k.list[len(k.list)-1].Key, k.list[0].Key, k.list[min(6, len(k.list)-1)].Key)
	}
	names := make([]string, len(k.list))
	for i, p := range k.list {
		names[i] = p.Key
		if p.Label != p.Key {
			names[i] = fmt.Sprintf("%s (%s)", p.Key, p.Label)
		}
	}
	switch {
	case len(names) > shown:
		return fmt.Sprintf("the nearest of %d: %s", len(names), strings.Join(nearest.Closest(word, names, shown), ", "))
	case alone:
		return "known: " + strings.Join(names, ", ")
	default:
		return fmt.Sprintf("%s has %s", k.set.Name, strings.Join(names, ", "))
	}
}

// words are the keys and the names that a user may have meant.
func (k Keys) words() []string {
	words := make([]string, 0, 2*len(k.list))
	for _, p := range k.list {
		words = append(words, p.Key, p.Label)
	}
	return words
}
