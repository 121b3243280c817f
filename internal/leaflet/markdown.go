package leaflet

import (
	"regexp"
	"strings"
)

// markdown writes the blocks of a section: paragraphs with a blank line between them, lists with their nesting, tables
// in the way of GitHub. What Markdown would read as markup is escaped, so that its text is the section's.
func markdown(blocks []Block, tables []Table) string {
	var b strings.Builder
	var indents []int // of the items that the last one is inside of, itself included: where its text begins
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
			if block.Kind != Item || blocks[i-1].Kind != Item || block.Level > blocks[i-1].Level && numberMark.MatchString(block.Mark) {
				b.WriteString("\n") // a number but 1 does not begin a list right below a line of text
			}
		}
		switch block.Kind {
		case Grid:
			b.WriteString(tables[0].Markdown())
			tables = tables[1:]
		case Heading:
			b.WriteString("### " + escape(block.Text))
		case Item:
			indents = indents[:min(block.Level, len(indents))]
			indent := 0
			if n := len(indents); n > 0 {
				indent = indents[n-1]
			}
			mark, text := printedMark(block.Mark), escape(block.Text)
			indents = append(indents, indent+strings.Index(mark+" ", " ")+1)
			b.WriteString(strings.Repeat(" ", indent) + strings.TrimSpace(mark+" "+text))
			continue
		default:
			b.WriteString(escape(block.Text))
		}
		indents = nil
	}
	return b.String()
}

// Marks of a list as Markdown knows them: numbers keep theirs, letters stand after a dash.
var (
	numberMark = regexp.MustCompile(`^[0-9]{1,2}[.)]$`)
	letterMark = regexp.MustCompile(`^(?:[a-z]|[ivx]{1,4})[.)]$|^[0-9]`)
)

func printedMark(mark string) string {
	switch {
	case numberMark.MatchString(mark):
		return mark
	case letterMark.MatchString(mark):
		return "- " + mark
	}
	return "-"
}

// What Markdown reads as markup: at the beginning of a line, or anywhere.
var (
	opened  = regexp.MustCompile(`^(?:#{1,6}(?:\s|$)|>|\||[-+*](?:\s|$)|[-=_*](?:\s*[-=_*])*$|~~~|` + "```" + `|\[)`)
	numeral = regexp.MustCompile(`^([0-9]{1,9})([.)])(\s|$)`)
	tag     = regexp.MustCompile(`<[\p{L}/!?]`)
	entity  = regexp.MustCompile(`&#?[0-9A-Za-z]{1,31};`)
	closing = regexp.MustCompile(`\s#+$`)
)

// escape is text, which is one line, as Markdown that reads as this text.
func escape(text string) string {
	text = inline(text)
	switch {
	case opened.MatchString(text):
		text = `\` + text
	case numeral.MatchString(text):
		text = numeral.ReplaceAllString(text, `$1\$2$3`)
	}
	return closing.ReplaceAllStringFunc(text, func(s string) string { return s[:1] + `\` + s[1:] })
}

// emphasised is an asterisk that may begin an emphasis, and one that may end it. That of a footnote is one of both.
var emphasised = regexp.MustCompile(`(?:\*[^\s\p{P}\p{S}]|(?:^|[\s\p{P}\p{S}])\*+[^\s*]).*[^\s*]\*`)

// inline escapes what is markup anywhere.
func inline(text string) string {
	text = strings.ReplaceAll(text, `\`, `\\`)
	if emphasised.MatchString(text) {
		text = strings.ReplaceAll(text, "*", `\*`)
	}
	for _, mark := range []string{"_", "`", "~"} {
		if strings.Count(text, mark) > 1 {
			text = strings.ReplaceAll(text, mark, `\`+mark)
		}
	}
	if strings.Contains(text, "](") || strings.Contains(text, "][") || strings.Contains(text, "]:") {
		text = strings.ReplaceAll(text, "[", `\[`)
	}
	text = tag.ReplaceAllStringFunc(text, func(s string) string { return `\` + s })
	return entity.ReplaceAllStringFunc(text, func(s string) string { return `\` + s })
}
