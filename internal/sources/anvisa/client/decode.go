package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	// documentID is the number of a leaflet's version. It becomes part of names, so nothing else will do.
	documentID = regexp.MustCompile(`^[0-9]{1,18}$`)
	// token is a JSON Web Token. It becomes part of an address, so nothing else will do.
	token = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
)

const maxToken = 4096 // the portal's have some 200 characters

// word is a JSON string or number, as text; null is "".
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(raw []byte) error {
	var s *string
	if err := json.Unmarshal(raw, &s); err == nil {
		*w = ""
		if s != nil {
			*w = word(*s)
		}
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return errors.New("expected a string or a number")
	}
	*w = word(n)
	return nil
}

// envelope is one answer of the listing.
type envelope struct {
	resultPage     // whose size may be smaller than was asked for
	number     int // of the page, from 0
}

// listed is a row of the listing as the portal writes it. The category is not in it.
type listed struct {
	ID           int64   `json:"idProduto"`
	Registration string  `json:"numeroRegistro"`
	Name         string  `json:"nomeProduto"`
	Company      string  `json:"razaoSocial"`
	CNPJ         string  `json:"cnpj"`
	Process      string  `json:"numProcesso"`
	Expediente   string  `json:"expediente"`
	Transaction  string  `json:"numeroTransacao"`
	Published    instant `json:"data"`
	Patient      string  `json:"idBulaPacienteProtegido"`
	Professional string  `json:"idBulaProfissionalProtegido"`
	Snapshot     instant `json:"dataAtualizacao"`
}

func (l listed) product() Product {
	return Product{
		ID: l.ID, Registration: l.Registration, Name: l.Name, Company: l.Company, CNPJ: l.CNPJ, Process: l.Process,
		Expediente: l.Expediente, Transaction: l.Transaction, PublishedAt: l.Published.Time,
		HasPatient: l.Patient != "", HasProfessional: l.Professional != "", Snapshot: l.Snapshot.Time,
	}
}

// instant is a time as the portal writes it, of any offset: it continues with Brazil's summer time, which ended in
// 2019. null is the zero time.
type instant struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(raw []byte) error {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return err
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339} {
		if t, err := time.Parse(layout, *s); err == nil {
			i.Time = t
			return nil
		}
	}
	return errors.New("expected a time such as 2006-01-02T15:04:05.000-0300")
}

// decodeEnvelope reads a page of the listing.
func decodeEnvelope(body []byte) (envelope, error) {
	var page struct {
		Content *[]listed `json:"content"`
		Total   *int      `json:"totalElements"`
		Number  *int      `json:"number"`
		Size    *int      `json:"size"`
	}
	switch err := json.Unmarshal(body, &page); {
	case err != nil:
		return envelope{}, fmt.Errorf("expected a page of products: %w", err)
	case page.Content == nil || page.Total == nil || page.Number == nil || page.Size == nil:
		return envelope{}, errors.New("expected a page of products with content, totalElements, number and size")
	case *page.Total < 0 || *page.Total > maxProducts || *page.Size < 1 || *page.Number < 0:
		return envelope{}, fmt.Errorf("expected a page of products: it has %d, of size %d, number %d",
			*page.Total, *page.Size, *page.Number)
	}
	e := envelope{resultPage: resultPage{declared: *page.Total, size: *page.Size}, number: *page.Number}
	for _, row := range *page.Content {
		if row.ID <= 0 || row.Snapshot.IsZero() {
			return envelope{}, errors.New("expected a product with idProduto and dataAtualizacao")
		}
		e.products = append(e.products, row.product())
	}
	if gone := lostKeys(body, len(e.products)); gone != "" {
		return envelope{}, errors.New("expected products with " + gone + ", which none of them has")
	}
	return e, nil
}

// fullPage is how many products tell that a key is gone rather than left out where it is empty.
const fullPage = 10

// lostKeys names the keys of products, of those that we read, that no product of a page has: a key with another name
// would otherwise read as an empty one, and every leaflet as absent.
func lostKeys(body []byte, products int) string {
	if products < fullPage {
		return ""
	}
	seen := pathsOf(body)
	var gone []string
	for _, key := range []string{
		"nomeProduto", "razaoSocial", "cnpj", "numProcesso", "expediente", "numeroTransacao", "numeroRegistro", "data",
		"idBulaPacienteProtegido", "idBulaProfissionalProtegido",
	} {
		if !seen["content[]."+key] && len(seen) < maxPaths {
			gone = append(gone, key)
		}
	}
	return strings.Join(gone, " and ")
}

// decodeCategories reads the list of categories, whose fields have gone by two names each.
func decodeCategories(body []byte) ([]Category, error) {
	var rows []struct {
		ID          word   `json:"id"`
		Code        word   `json:"codigo"`
		Description string `json:"descricao"`
		Name        string `json:"nome"`
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("expected a list of categories: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("expected a list of categories: it is empty")
	}
	found := make([]Category, 0, len(rows))
	for _, row := range rows {
		c := Category{ID: string(cmp.Or(row.ID, row.Code)), Name: strings.TrimSpace(cmp.Or(row.Description, row.Name))}
		if !categoryID.MatchString(c.ID) || c.Name == "" {
			return nil, errors.New("expected a category with id and descricao")
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b Category) int { return cmp.Compare(a.number(), b.number()) })
	if repeated := len(found) - len(slices.CompactFunc(slices.Clone(found), sameCategory)); repeated > 0 {
		return nil, fmt.Errorf("expected each category once: %d come again", repeated)
	}
	return found, nil
}

func (c Category) number() int {
	n, _ := strconv.Atoi(c.ID) // digits, as categoryID demands
	return n
}

func sameCategory(a, b Category) bool { return a.number() == b.number() }

// decodeCurrent reads a product's history, of which only the present leaflet counts. None at all gives a Current
// without DocumentID.
func decodeCurrent(body []byte) (Current, error) {
	var product struct {
		History *json.RawMessage `json:"historico"`
		Current *struct {
			ID           word   `json:"idDocumento"`
			Expediente   word   `json:"expediente"`
			Patient      string `json:"idBulaPaciente"`
			Professional string `json:"idBulaProfissional"`
		} `json:"bulaAtual"`
	}
	if err := json.Unmarshal(body, &product); err != nil {
		return Current{}, fmt.Errorf("expected a product's leaflets: %w", err)
	}
	if product.Current == nil && product.History == nil {
		return Current{}, errors.New("expected a product's leaflets with bulaAtual or historico")
	}
	if product.Current == nil {
		return Current{}, nil
	}
	now := product.Current
	if !documentID.MatchString(string(now.ID)) {
		return Current{}, errors.New("expected bulaAtual with the number idDocumento")
	}
	c := Current{DocumentID: string(now.ID), Expediente: string(now.Expediente)}
	var err error
	if c.Patient, err = newHandle(now.Patient); err == nil {
		c.Professional, err = newHandle(now.Professional)
	}
	return c, err
}

// newHandle wraps a token; "" is no leaflet.
func newHandle(secret string) (Handle, error) {
	switch {
	case secret == "":
		return Handle{}, nil
	case len(secret) > maxToken || !token.MatchString(secret):
		return Handle{}, errors.New("expected a leaflet's token to be a JSON Web Token")
	}
	return Handle{reveal: func() string { return secret }}, nil
}
