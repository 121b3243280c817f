package leaflet

// notice is a kind of line of the legal notices.
type notice uint8

const (
	noticeRegistration notice = 1 << iota // at the ministry, with its number
	noticePharmacist
	noticeCNPJ
	noticeMaker
	noticeFirm
	noticeSale
	noticeOther
)

// notices match lines of the legal notices, in any order (RDC 47/2009, annex I, "DIZERES LEGAIS").
var notices = []struct {
	kind notice
	line *expression
}{
	{noticeRegistration, newExpression(`(?i)^(?:n[ºo°.]*\s*(?:d[eo]\s+)?)?(?:reg(?:istro|\.)?|M\.?\s?S\b\.?|minist[ée]rio da sa[úu]de|anvisa)` +
		`(?:[\s\p{Pd}:./,nº°o]|(?:reg(?:istro|\.)?|n[o.]|M\.?\s?S\b\.?|no|na|d[oa]|anvisa|minist[ée]rio|sa[úu]de)\b)*[0-9](?:[.\s]{0,2}[0-9]){8,12}`)},
	{noticePharmacist, newExpression(`(?i)^(?:farm(?:ac[êe]utic[oa]s?)?[.:\s]*(?:\([oa]s?\)[\s:]*)?resp|resp(?:ons[áa]vel|\.)?\s+t[ée]cnic|(?:dra?|farm)[.(a)]*\s.{3,60}\bCRF\b|CRF\b)`)},
	{noticeCNPJ, newExpression(`(?i)^.{0,60}(?:c\.?n\.?p\.?j|c\.?g\.?c)\b.{0,40}[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}\s*/`)},
	{noticeMaker, newExpression(`(?i)^(?:registrad|fabricad|produzid|importad|comercializad|distribu[ií]d|embalad)[oa]\b[^:]{0,60}?\bp(?:or|el[ao])\b`)},
	{noticeFirm, legalForm},
	{noticeSale, newExpression(`(?i)^(?:venda|uso|dispensa[çc][ãa]o)\s+(?:sob|restrit[oa]|sem|exclusiv[oa])\b`)},
	{noticeOther, newExpression(`(?i)^(?:ind[úu]stria brasileira|esta bula foi (?:aprovada|atualizada)|c\.?n\.?p\.?j\b)`)},
}

// A notice is short and close to the next.
const (
	maxNotice  = 160 // bytes
	nearNotice = 6   // lines
)

func noticeOf(l string) (kinds notice) {
	if len(l) > maxNotice {
		return 0
	}
	for _, n := range notices {
		if n.line.MatchString(l) {
			kinds |= n.kind
		}
	}
	return kinds
}

// sure reports whether nearby lines of these kinds are the legal notices: the registration is enough, or a pharmacist or a CNPJ with
// another notice.
func (n notice) sure() bool {
	strong := n & (noticePharmacist | noticeCNPJ)
	return n&noticeRegistration != 0 || strong != 0 && n != strong || strong == noticePharmacist|noticeCNPJ
}

// untitled finds legal notices without a title after the last numbered section, up to line end. Without it their text would belong to
// that section.
func (d document) untitled(c *chosen, end int) {
	at := len(c.headings) // the index of the notices among the headings
	for at > 0 && c.headings[at-1].info.ID == history {
		end = c.headings[at-1].line
		at--
	}
	if at == 0 || c.headings[at-1].info.Number == 0 {
		return
	}
	first, last := -1, -1
	var seen notice
	for i := c.headings[at-1].line + 1; i < end; i++ {
		kinds := noticeOf(d.lines[i].text)
		if kinds == 0 {
			continue
		}
		if first < 0 || i-last > nearNotice {
			first, seen = i, 0
		}
		last = i
		if seen |= kinds; seen.sure() {
			h := heading{info: SectionInfo{ID: legal}, line: first, end: d.lines[first].start, untitled: true}
			c.headings = append(c.headings[:at:at], append([]heading{h}, c.headings[at:]...)...)
			return
		}
	}
}
