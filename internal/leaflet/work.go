package leaflet

// work counts the steps of the loops that read a file: characters scanned, words and lines looked at, candidates compared. Files come
// from strangers, so that the count must not grow faster than the text, whatever it says: a test asserts it.
type work struct{ steps int }

// add counts n steps. Who reads without a count has none.
func (w *work) add(n int) {
	if w != nil {
		w.steps += n
	}
}
