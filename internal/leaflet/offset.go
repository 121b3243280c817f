package leaflet

import "unicode/utf8"

// inCharacters converts the offsets of a file from bytes, used while reading, to characters, which are published: a reader in Python
// cuts text[start:end].
func inCharacters(f *File) {
	var c counter
	for i := range f.Leaflets {
		l := &f.Leaflets[i]
		l.Start = c.at(f.Text, l.Start)
		for j := range l.Sections {
			s := &l.Sections[j]
			s.Start = c.at(f.Text, s.Start)
			tables := s.Tables
			for k := range s.Blocks {
				b := &s.Blocks[k]
				b.Start = c.at(f.Text, b.Start)
				b.End = c.at(f.Text, b.End)
				if b.Kind == Grid {
					tables[0].Start, tables[0].End = b.Start, b.End
					tables = tables[1:]
				}
			}
			s.End = c.at(f.Text, s.End)
		}
		l.End = c.at(f.Text, l.End)
	}
	for i := range f.Outside {
		s := &f.Outside[i]
		s.Start, s.End = c.at(f.Text, s.Start), c.at(f.Text, s.End)
	}
}

// counter counts the characters up to an offset, in both directions: the offsets of a file mostly rise.
type counter struct{ bytes, characters int }

func (c *counter) at(text string, offset int) int {
	if offset < c.bytes {
		c.characters -= utf8.RuneCountInString(text[offset:c.bytes])
	} else {
		c.characters += utf8.RuneCountInString(text[c.bytes:offset])
	}
	c.bytes = offset
	return c.characters
}
