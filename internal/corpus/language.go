package corpus

import "strings"

// Portuguese is the language of the corpus.
const Portuguese = "pt"

// Undetermined is what [Language] says of a text in which no language shows: tables of figures, lists of names, or a language
// that it does not know.
const Undetermined = "und"

// functionWords are frequent words of each language that say nothing of the subject. Those that two of them share (de, que, para,
// se) tell nothing and are in neither list.
const (
	ptWords = "não em com uma são ao aos dos das do pelo pela pelos pelas você ou este deve devem também mais até à às os na no nas nos seu sua após há pode podem quando sem isso nem está estão"
	esWords = "el los las del en con una unos y es son al lo su sus más también están hasta sin usted debe deben ser fue cuando puede pueden muy desde entre"
	enWords = "the of and to is for with are be or not this that by from have has was were on an at which should may can these when been if"
	frWords = "le les des et est dans du une pour pas vous ce cette avec sur au aux qui sont par il elle être peut votre ne plus chez"
	itWords = "di che è la gli della delle dei nel nella per non sono più come questo alla può ed essere anche degli dal"
	deWords = "der die und ist nicht mit von für den dem ein eine zu auf bei sie werden oder wird kann im zur nach sind wenn"
)

// Of a window of words in running text some 30 in a hundred are such words; in a table there may be none.
const (
	windowWords = 200
	windowShare = 0.06
)

// languageDetector counts the function words of each language.
type languageDetector struct {
	names []string
	of    map[string][]int // which of names have the word
}

func newLanguageDetector() *languageDetector {
	s := &languageDetector{names: []string{Portuguese, "es", "en", "fr", "it", "de"}, of: map[string][]int{}}
	for i, list := range []string{ptWords, esWords, enWords, frWords, itWords, deWords} {
		for word := range strings.FieldsSeq(list) {
			s.of[word] = append(s.of[word], i)
		}
	}
	return s
}

// Language says in which language most of a text is, and how much of it: the share, from 0 to 1, of its windows of 200 words that are in
// it, of those in which a language shows. So a file that is half in Spanish has a confidence of a half, and one page of references
// in English costs a long leaflet little.
func Language(text string) (language string, confidence float64) {
	return newLanguageDetector().language(normalize(nil, text))
}

// language is [Language] of normal text.
func (s *languageDetector) language(normal []byte) (string, float64) {
	hits, windows := make([]int, len(s.names)), make([]int, len(s.names))
	words, decided := 0, 0
	end := func() {
		if best := top(hits); float64(hits[best]) >= windowShare*float64(words) && hits[best] > 0 {
			windows[best]++
			decided++
		}
		words = 0
		clear(hits)
	}
	for i := 0; i < len(normal); {
		start := i
		for i < len(normal) && normal[i] != ' ' {
			i++
		}
		for _, l := range s.of[string(normal[start:i])] {
			hits[l]++
		}
		i++
		if words++; words == windowWords {
			end()
		}
	}
	if words >= windowWords/4 || decided == 0 && words > 0 { // a rest that is too short says little
		end()
	}
	if decided == 0 {
		return Undetermined, 0
	}
	best := top(windows)
	return s.names[best], float64(windows[best]) / float64(decided)
}

// top is the place of the highest number, the first of equals.
func top(numbers []int) int {
	best := 0
	for i, n := range numbers {
		if n > numbers[best] {
			best = i
		}
	}
	return best
}
