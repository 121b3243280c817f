package leaflet

// work counts the steps of the loops that read a file: characters scanned, words and lines read, candidates compared. Files are
// untrusted, so the count must grow no faster than the text. A test asserts it.
type work struct{ steps int }

// add counts n steps. A nil work counts nothing.
func (w *work) add(n int) {
	if w != nil {
		w.steps += n
	}
}
