package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What the agency's open data holds beside the products of the listing, for each that is active and registered there. The
// real file has 26,146 inactive rows and 6,978 active ones without a number to 10,295 active registered products, of which
// about 86 in 100 have a leaflet.
const (
	leafletPercent    = 86
	inactivePercent   = 254 // of the active registered ones
	unnumberedPercent = 68  // the same
)

// OpenDataPath is where the open data is served.
const OpenDataPath = "/dados/DADOS_ABERTOS_MEDICAMENTOS.csv"

const openDataHeader = "TIPO_PRODUTO;NOME_PRODUTO;DATA_FINALIZACAO_PROCESSO;CATEGORIA_REGULATORIA;NUMERO_REGISTRO_PRODUTO;DATA_VENCIMENTO_REGISTRO;" +
	"NUMERO_PROCESSO;CLASSE_TERAPEUTICA;EMPRESA_DETENTORA_REGISTRO;SITUACAO_REGISTRO;PRINCIPIO_ATIVO"

// medicine is a row of the open data.
type medicine struct {
	name, category, registration, process, company string
	status, ingredients                            string
	finished, expires                              time.Time
	id                                             uint64 // what else is drawn from
}

// openFile is the open data of one day.
type openFile struct {
	day     time.Time
	corrupt float64 // the share of rows that were made odd
	body    []byte
	tag     string
}

// openData serves the agency's table of medicines. On the real internet it is on a host of its own: no cookie, no token and
// no ban of the portal's has to do with it.
func (p *Portal) openData(r *http.Request, rec *Request) answer {
	file := p.openFile()
	if file.corrupt > 0 {
		rec.Fault = faultOddOpenData
	}
	a := answer{status: http.StatusOK, media: "text/csv", body: file.body}
	if unchanged(r, file) {
		a = answer{status: http.StatusNotModified, media: "text/csv"}
	}
	return a.with("ETag", file.tag).with("Last-Modified", file.day.UTC().Format(http.TimeFormat)).with("Cache-Control", "no-cache")
}

// unchanged reports whether the client has this file already. As RFC 9110 says, a date counts only without a tag.
func unchanged(r *http.Request, file *openFile) bool {
	if tags := r.Header.Get("If-None-Match"); tags != "" {
		return slices.ContainsFunc(strings.Split(tags, ","), func(tag string) bool {
			return strings.TrimPrefix(strings.TrimSpace(tag), "W/") == file.tag
		})
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !file.day.After(since)
}

// openFile gives the day's file, which is made when it is first asked for.
func (p *Portal) openFile() *openFile {
	share := p.activeFaults().value(faultOddOpenData)
	p.mu.Lock()
	defer p.mu.Unlock()
	if kept := p.open; kept != nil && kept.day.Equal(p.index.day) && kept.corrupt == share {
		return kept
	}
	file := &openFile{day: p.index.day, corrupt: share, body: p.index.openData(share)}
	sum := sha256.Sum256(file.body)
	file.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
	p.open = file
	return file
}

// registered counts the active registered products of a category: those with a leaflet, and those without.
func (x *index) registered(category int) (with, without int) {
	for _, p := range x.products {
		if p.Category == category && p.Registration != "" {
			with++
		}
	}
	return with, with * (100 - leafletPercent) / leafletPercent
}

// openData writes the file.
func (x *index) openData(share float64) []byte {
	rows := x.medicines()
	slices.SortFunc(rows, func(a, b medicine) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	var out strings.Builder
	out.WriteString(openDataHeader + "\r\n")
	for _, m := range rows {
		out.WriteString(m.line(x.seed, share) + "\r\n")
	}
	return latin1(out.String())
}

// medicines lists the listing's products, and as many others as the real table has.
func (x *index) medicines() []medicine {
	var rows []medicine
	used := map[string]bool{}
	for _, p := range x.products {
		if p.Registration == "" {
			continue // a test record: the open data has none
		}
		used[p.Registration] = true
		m := x.medicine(uint64(p.ID), categoryName(p.Category))
		m.name, m.registration, m.process, m.company = p.Name, p.Registration, p.Process, p.CNPJ+" - "+p.Company
		rows = append(rows, m)
	}
	next := uint64(0)
	another := func(category string, numbered bool) medicine {
		next++
		m := x.medicine(1<<40+next, category)
		for at := m.id; numbered && (m.registration == "" || used[m.registration]); at++ {
			m.registration = fmt.Sprintf("1%08d", mix(x.seed, 'r', at)%100_000_000)
		}
		used[m.registration] = true
		return m
	}
	for _, c := range Categories() {
		with, without := x.registered(c.ID)
		for range without {
			rows = append(rows, another(c.Name, true))
		}
		for range (with + without) * inactivePercent / 100 {
			m := another(c.Name, true)
			m.status, m.expires = "Inativo", m.expires.AddDate(-15, 0, 0)
			rows = append(rows, m)
		}
	}
	notified := []string{"Baixo Risco", "Dinamizado", "Específico", "Fitoterápico"}
	for i := range len(used) * unnumberedPercent / (100 + inactivePercent) {
		m := another(notified[i%len(notified)], false)
		m.expires = time.Time{}
		rows = append(rows, m)
	}
	return rows
}

// medicine draws a row from a number.
func (x *index) medicine(id uint64, category string) medicine {
	r := draw(x.seed, 'm', id)
	company, of := pick(r, companies()), x.stock.formulaOf(int(id), genericCategory)
	if r.IntN(10) > 0 {
		category = strings.ToUpper(category)
	}
	finished := time.Date(1998, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(27*365))
	return medicine{
		name: x.stock.seedName(r, of, genericCategory), category: category, process: seedProcess(r, int(id%10_000_000)), company: cnpjOf(company) + " - " + company,
		status: "Ativo", ingredients: strings.ToUpper(of.name()), finished: finished,
		expires: x.day.AddDate(0, r.IntN(120), 0), id: id,
	}
}

// line writes a row, its text quoted, its number and its day bare.
func (m medicine) line(seed uint64, share float64) string {
	expires := ""
	switch {
	case m.expires.IsZero():
	case m.status == "Inativo" && m.id%8 == 0: // as older rows have it
		expires = m.expires.Format("02/01/2006")
	default:
		expires = m.expires.Format("012006")
	}
	class := []string{"ANALGÉSICOS", "ANTI-INFLAMATÓRIOS", "ANTIBIÓTICOS SISTÊMICOS", "VITAMINAS E SUPLEMENTOS MINERAIS", ""}[m.id%5]
	fields := []string{quote("MEDICAMENTO"), quote(m.name), m.finished.Format("02/01/2006"), quote(m.category), m.registration, quote(expires),
		quote(m.process), quote(class), quote(m.company), quote(m.status), quote(m.ingredients)}
	const steps = 1 << 20
	struck := mix(seed, 'b', m.id)
	if float64(struck%steps) >= share*steps {
		return strings.Join(fields, ";")
	}
	return m.odd(fields, struck>>20)
}

// odd makes a row one of those that stand in old files: half of them with words of old, half of them broken.
func (m medicine) odd(fields []string, which uint64) string {
	switch which % 6 {
	case 0, 1, 2:
		fields[9] = quote(map[string]string{"Ativo": "VÁLIDO", "Inativo": "CADUCO/CANCELADO"}[m.status])
	case 3:
		fields = fields[:5]
	case 4:
		fields[1] = `"` + strings.ReplaceAll(m.name, `"`, "")
	default:
		fields[2] = m.finished.Format("2006-01-02")
	}
	return strings.Join(fields, ";")
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// latin1 encodes a text as the agency does; what ISO-8859-1 does not have becomes a question mark.
func latin1(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 0xff {
			c = '?'
		}
		out = append(out, byte(c))
	}
	return out
}
