package leaflet

import (
	"strings"
)

// markdown renders the blocks of a section: paragraphs separated by blank lines, nested lists, tables as GitHub writes them. It
// escapes characters that Markdown would interpret, so that the rendered text is that of the section.
func markdown(blocks []Block, tables []Table) string {
	var b strings.Builder
	var indents []int // for each open item, including the last: the column where its text begins
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
			if block.Kind != Item || blocks[i-1].Kind != Item || block.Level > blocks[i-1].Level && numberMark.MatchString(block.Mark) {
				b.WriteString("\n") // a number other than 1 does not begin a list right below a line of text
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

// List marks in Markdown: numbers stay, letters follow a dash.
var (
	numberMark = newExpression(`^[0-9]{1,2}[.)]$`)
	letterMark = newExpression(`^(?:[a-z]|[ivx]{1,4})[.)]$|^[0-9]`)
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

// Characters that Markdown interprets at the beginning of a line, or anywhere.
var (
	opened  = newExpression(`^(?:#{1,6}(?:\s|$)|>|\||[-+*](?:\s|$)|[-=_*](?:\s*[-=_*])*$|~~~|` + "```" + `|\[)`)
	numeral = newExpression(`^([0-9]{1,9})([.)])(\s|$)`)
	tag     = newExpression(`<[\p{L}/!?]`)
	entity  = newExpression(`&#?[0-9A-Za-z]{1,31};`)
	closing = newExpression(`\s#+$`)
)

// escape returns Markdown that renders as text, which is one line.
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

// emphasised are the asterisks that may begin or end an emphasis. The asterisk of a footnote is both.
var emphasised = newExpression(`(?:\*[^\s\p{P}\p{S}]|(?:^|[\s\p{P}\p{S}])\*+[^\s*]).*[^\s*]\*`)

// inline escapes markup that is interpreted anywhere.
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
