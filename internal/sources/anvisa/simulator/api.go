package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// listItem is a row of the listing as the API gives it. The category is not in it.
type listItem struct {
	IDProduto               int     `json:"idProduto"`
	NumeroRegistro          string  `json:"numeroRegistro"`
	NomeProduto             string  `json:"nomeProduto"`
	Expediente              string  `json:"expediente"`
	RazaoSocial             string  `json:"razaoSocial"`
	CNPJ                    string  `json:"cnpj"`
	NumeroTransacao         string  `json:"numeroTransacao"`
	Data                    string  `json:"data"`
	NumProcesso             string  `json:"numProcesso"`
	IDBulaPaciente          *string `json:"idBulaPacienteProtegido"`
	IDBulaProfissional      *string `json:"idBulaProfissionalProtegido"`
	DataAtualizacaoDaTabela string  `json:"dataAtualizacao"`
}

func (p *Portal) listItem(x *product, day string, now time.Time) listItem {
	return listItem{
		IDProduto: x.ID, NumeroRegistro: x.Registration, NomeProduto: x.Name, Expediente: x.Expediente,
		RazaoSocial: x.Company, CNPJ: x.CNPJ, NumeroTransacao: transaction(x.Expediente, x.Published),
		Data: x.Published.Format(timeLayout), NumProcesso: x.Process,
		IDBulaPaciente:          p.token(x, x.current(), Patient, now),
		IDBulaProfissional:      p.token(x, x.current(), Professional, now),
		DataAtualizacaoDaTabela: day,
	}
}

// token signs a product's leaflet; nil when there is none for the audience.
func (p *Portal) token(x *product, version int, a Audience, now time.Time) *string {
	if !x.Has(a) {
		return nil
	}
	token := p.signer.sign(x.doc(version, a), now)
	return &token
}

// transaction is the number under which an expediente was paid: a serial of seven digits and the year.
func transaction(expediente string, at time.Time) string {
	return fmt.Sprintf("%07d%d", mixText(expediente)%10_000_000, at.Year())
}

func (p *Portal) list(r *http.Request, rec *Request) answer {
	if a, bad := authorize(r); bad {
		return a
	}
	query := r.URL.Query()
	rec.Category = query.Get("filter[categoriasRegulatorias]")
	wanted, err := parseFilter(query)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	page, err := parsePaging(query)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	p.switchDuringListing(rec)
	now := p.now()
	p.mu.RLock()
	defer p.mu.RUnlock()
	found, total := p.index.find(wanted.match)
	rows, total := p.corruptListing(rec, page, found, total)
	day := p.index.day.Format(timeLayout)
	items := make([]listItem, 0, len(rows))
	for _, x := range rows {
		items = append(items, p.listItem(x, day, now))
	}
	return p.stale(p.rename(rec, jsonAnswer(http.StatusOK, newEnvelope(page, items, total))))
}

// authorize answers a request that lacks the header the page sends with every call.
func authorize(r *http.Request) (answer, bool) {
	if r.Header.Get("Authorization") == "Guest" {
		return answer{}, false
	}
	return refuse(http.StatusInternalServerError, "mensagens.MSG-004"), true
}

func (p *Portal) listCategories(r *http.Request, _ *Request) answer {
	if a, bad := authorize(r); bad {
		return a
	}
	return jsonAnswer(http.StatusOK, Categories())
}

// product finds what a path's {id} names. The caller holds p.mu.
func (p *Portal) product(r *http.Request, rec *Request) *product {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return nil
	}
	rec.Product = id
	return p.index.byID[id]
}

// suggestion is an entry of the autocomplete field.
type suggestion struct {
	NomeProduto string `json:"nomeProduto"`
}

// maxSuggestions bounds the autocomplete's answer.
const maxSuggestions = 20

func (p *Portal) suggest(r *http.Request, _ *Request) answer {
	if a, bad := authorize(r); bad {
		return a
	}
	wanted := filter{name: strings.ToLower(r.PathValue("text"))}
	p.mu.RLock()
	defer p.mu.RUnlock()
	found, _ := p.index.find(wanted.match)
	names, seen := []suggestion{}, map[string]bool{}
	for _, x := range found {
		if !seen[x.Name] && len(names) < maxSuggestions {
			seen[x.Name] = true
			names = append(names, suggestion{x.Name})
		}
	}
	return jsonAnswer(http.StatusOK, names)
}

// leaflet gives the PDF of a token. No header is asked for: the token says it all.
func (p *Portal) leaflet(r *http.Request, rec *Request) answer {
	doc, err := p.signer.open(r.PathValue("token"), p.now())
	if err != nil {
		return refuse(http.StatusForbidden, "mensagens.MSG-403")
	}
	slot, number, audience := doc.split()
	p.mu.RLock()
	if slot >= len(p.index.slots) || number > p.index.slots[slot].current() {
		p.mu.RUnlock()
		return refuse(http.StatusNotFound, "mensagens.MSG-998")
	}
	x := p.index.slots[slot]
	rec.Product, rec.Audience = x.ID, audience
	order := newOrder(x, number, audience)
	p.mu.RUnlock()
	file, err := p.printer.print(order)
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	a := p.corruptAnswer(rec, answer{status: http.StatusOK, media: mediaPDF, body: file})
	if rec.Fault == "" || rec.Fault == faultSlow {
		sum := sha256.Sum256(file)
		rec.SHA256 = hex.EncodeToString(sum[:])
	}
	return a
}

func (p *Portal) unknown(*http.Request, *Request) answer { return notFound() }

func notFound() answer {
	return htmlAnswer(http.StatusNotFound, "<!DOCTYPE html><html><head><title>404</title></head><body>Not Found</body></html>")
}
