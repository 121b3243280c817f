package leaflet

// Steps reads pages and counts the steps of the loops that read them.
func Steps(pages []Page) (File, int) {
	var w work
	f := read(pages, &w)
	return f, w.steps
}

// Unpack gives the pages of a message.
func Unpack(message []byte) ([]Page, error) { return unpack(message) }
