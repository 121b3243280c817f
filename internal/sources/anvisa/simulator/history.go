package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// historyAnswer is what the API knows of one product's leaflets.
type historyAnswer struct {
	RegistroProduto *string               `json:"registroProduto"`
	NomeProduto     *string               `json:"nomeProduto"`
	Historico       envelope[historyItem] `json:"historico"`
	BulaAtual       *historyItem          `json:"bulaAtual"`
}

// historyItem is one publication of one version.
type historyItem struct {
	IDDocumento             int64   `json:"idDocumento"`
	Expediente              string  `json:"expediente"`
	IDSituacao              int     `json:"idSituacao"`
	NumeroRegistro          *string `json:"numeroRegistro"`
	DescSituacao            string  `json:"descSituacao"`
	IDBulaPaciente          *string `json:"idBulaPaciente"`
	IDBulaProfissional      *string `json:"idBulaProfissional"`
	PriDtSitValDocumento    string  `json:"priDtSitValDocumento"`
	UltDtSitDocumento       string  `json:"ultDtSitDocumento"`
	UltimaSituacaoDocumento int     `json:"ultimaSituacaoDocumento"`
	NuTransacao             string  `json:"nuTransacao"`
	DtTransacao             string  `json:"dtTransacao"`
	HistoricoCod            int64   `json:"historicoCod"`
	HistoricoDtSit          string  `json:"historicoDtSit"`
	DescHistSituacao        string  `json:"descHistSituacao"`
	DataPublicacao          string  `json:"dataPublicacao"`
	SituacaoAtual           string  `json:"situacaoAtual"`
	UltimaSitVal            string  `json:"ultimaSitVal"`
	HistSitVal              string  `json:"histSitVal"`
}

// amended is the only state that published leaflets have been seen in.
const (
	amendedID   = 43
	amendedText = "Aditado ao processo"
)

// publication is a version and the date under which the history shows it: the same version may appear under several.
type publication struct {
	version   version
	published time.Time
}

// publications lists a product's history on one day, newest first. As on the real portal, some versions appear again under
// another date, and past ones vanish on some days and come back; the current one is always there.
func (p *product) publications(day time.Time) []publication {
	var all []publication
	for n := p.current(); n >= 0; n-- {
		v := p.version(n)
		if n != p.current() && mix('h', uint64(p.ID), uint64(n), uint64(day.Unix()))%40 == 0 {
			continue
		}
		for again := range 1 + repeats(p.ID, n) {
			all = append(all, publication{v, brazil(v.published.Add(-time.Duration(again) * 37 * time.Hour))})
		}
	}
	slices.SortStableFunc(all, func(a, b publication) int { return b.published.Compare(a.published) })
	return all
}

// repeats is how many more dates a version has: none for most, up to three.
func repeats(id, version int) int {
	h := mix('r', uint64(id), uint64(version))
	if h%7 != 0 {
		return 0
	}
	return 1 + int(h>>8%3)
}

func (p *Portal) historyItem(x *product, pub publication, now time.Time) historyItem {
	first, shown := pub.version.published.Format(timeLayout), pub.published.Format(timeLayout)
	n := pub.version.number
	return historyItem{
		IDDocumento: int64(x.doc(n, Patient)), Expediente: pub.version.expediente, IDSituacao: amendedID, DescSituacao: amendedText,
		IDBulaPaciente: p.token(x, n, Patient, now), IDBulaProfissional: p.token(x, n, Professional, now),
		PriDtSitValDocumento: first, UltDtSitDocumento: first, UltimaSituacaoDocumento: amendedID,
		NuTransacao: transaction(pub.version.expediente, pub.version.published), DtTransacao: first,
		HistoricoCod: int64(mix('s', uint64(x.ID), uint64(n)) % 100_000_000), HistoricoDtSit: shown, DescHistSituacao: amendedText,
		DataPublicacao: shown, SituacaoAtual: "S", UltimaSitVal: "S", HistSitVal: "S",
	}
}

func (p *Portal) history(r *http.Request, rec *Request) answer {
	if a, bad := authorize(r); bad {
		return a
	}
	page, err := parsePaging(r.URL.Query())
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	now := p.now()
	p.mu.RLock()
	defer p.mu.RUnlock()
	x := p.product(r, rec)
	if x == nil || !x.Patient && !x.Professional || p.deny(rec, x) {
		return jsonAnswer(http.StatusOK, historyAnswer{Historico: newEnvelope[historyItem](page, nil, 0)})
	}
	all := x.publications(p.index.day)
	items := make([]historyItem, 0, page.count)
	for _, pub := range of(page, all) {
		items = append(items, p.historyItem(x, pub, now))
	}
	current := p.historyItem(x, publication{x.version(x.current()), x.Published}, now)
	return p.rename(rec, jsonAnswer(http.StatusOK, historyAnswer{RegistroProduto: &x.Registration, NomeProduto: &x.Name,
		Historico: newEnvelope(page, items, len(all)), BulaAtual: &current}))
}

// detailAnswer is what the API tells about a product that is not in the listing.
type detailAnswer struct {
	Codigo                 int            `json:"codigo"`
	NomeComercial          string         `json:"nomeComercial"`
	NumeroRegistro         string         `json:"numeroRegistro"`
	PrincipioAtivo         string         `json:"principioAtivo"`
	ClassesTerapeuticas    []string       `json:"classesTerapeuticas"`
	ATCs                   []string       `json:"atcs"`
	CategoriaRegulatoria   string         `json:"categoriaRegulatoria"`
	MedicamentoReferencia  *string        `json:"medicamentoReferencia"`
	DataVencimentoRegistro string         `json:"dataVencimentoRegistro"`
	Empresa                company        `json:"empresa"`
	Processo               process        `json:"processo"`
	ExisteBula             bool           `json:"existeBula"`
	Apresentacoes          []presentation `json:"apresentacoes"`
}

type company struct {
	RazaoSocial string `json:"razaoSocial"`
	CNPJ        string `json:"cnpj"`
}

type process struct {
	Numero string `json:"numero"`
}

type presentation struct {
	Apresentacao        string   `json:"apresentacao"`
	FormasFarmaceuticas []string `json:"formasFarmaceuticas"`
	ViasAdministracao   []string `json:"viasAdministracao"`
	RestricaoPrescricao []string `json:"restricaoPrescricao"`
	Registro            string   `json:"registro"` // 13 digits: the product's nine and four more
}

func (p *Portal) detail(r *http.Request, rec *Request) answer {
	if a, bad := authorize(r); bad {
		return a
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	x := p.product(r, rec)
	if x == nil {
		return refuse(http.StatusNotFound, "mensagens.MSG-998")
	}
	packs := []presentation{}
	for i, text := range []string{"500 MG COM CT BL AL PLAS TRANS X 20", "250 MG/ML SOL OR CT FR GOT X 20 ML"}[:1+x.ID%2] {
		packs = append(packs, presentation{text, [][]string{{"COMPRIMIDO SIMPLES"}, {"SOLUÇÃO"}}[i], []string{"ORAL"},
			[]string{"Venda sob Prescrição Médica"}, x.Registration + [...]string{"0011", "0028"}[i]})
	}
	return jsonAnswer(http.StatusOK, detailAnswer{
		Codigo: x.ID, NomeComercial: x.Name, NumeroRegistro: x.Registration, PrincipioAtivo: strings.ToUpper(x.formula.name()),
		ClassesTerapeuticas: []string{"ANALGÉSICOS NÃO NARCÓTICOS"}, ATCs: []string{}, CategoriaRegulatoria: categoryName(x.Category),
		DataVencimentoRegistro: x.Published.AddDate(10, 0, 0).Format(timeLayout), Empresa: company{x.Company, x.CNPJ},
		Processo: process{x.Process}, ExisteBula: x.Patient || x.Professional, Apresentacoes: packs,
	})
}
