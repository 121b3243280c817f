package opendata

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

var (
	registration = regexp.MustCompile(`^[0-9]{9}$`)
	company      = regexp.MustCompile(`^([0-9]{14})\s*-\s*(.+)$`)
)

// row reads the row that begins with a line, with every mistake in it.
func (r *Reader) row(first line) (Row, error) {
	fields, err := r.record(first)
	if err != nil {
		return Row{}, err
	}
	get := func(column string) string { return strings.Join(strings.Fields(fields[r.at[column]]), " ") }
	row := Row{
		Line: first.number, Type: get(colType), Name: strings.TrimSpace(fields[r.at[colName]]), Category: r.spell(Category, word{colCategory, get(colCategory)}),
		Registration: get(colRegistration), Process: get(colProcess), Class: get(colClass), Status: r.spell(status, word{colStatus, get(colStatus)}),
		Ingredients: get(colIngredients),
	}
	var wrong []error
	note := func(column string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", column, err))
		}
	}
	row.Finished, err = day(get(colFinished))
	note(colFinished, err)
	row.Expires, err = expiry(get(colExpires))
	note(colExpires, err)
	row.CNPJ, row.Company, err = holder(get(colCompany))
	note(colCompany, err)
	if row.Registration != "" && !registration.MatchString(row.Registration) {
		note(colRegistration, errors.New("not nine digits"))
	}
	if row.Name == "" {
		note(colName, errors.New("empty"))
	}
	if row.Status == "" {
		note(colStatus, errors.New("empty"))
	}
	for _, field := range fields {
		if strings.ContainsFunc(field, func(c rune) bool { return unicode.IsControl(c) && !unicode.IsSpace(c) }) {
			wrong = append(wrong, errors.New("a control character"))
			break
		}
	}
	return row, join(wrong)
}

// word is what a column says.
type word struct{ column, text string }

// spell is by(w.text), remembered: folding takes longer than reading a row.
func (r *Reader) spell(by func(string) string, w word) string {
	known, ok := r.spelt[w]
	if !ok {
		known = by(w.text)
		if len(r.spelt) < 2*maxKinds {
			r.spelt[w] = known
		}
	}
	return known
}

// join makes one line of several mistakes.
func join(wrong []error) error {
	if len(wrong) < 2 {
		return errors.Join(wrong...)
	}
	texts := make([]string, len(wrong))
	for i, err := range wrong {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse("02/01/2006", s)
	if err != nil {
		return at, errors.New("not a day such as 31/12/2025")
	}
	return at, nil
}

// expiry reads MMAAAA, of which it takes the last day, or a day as older files have it.
func expiry(s string) (time.Time, error) {
	if month, err := time.Parse("012006", s); err == nil {
		return month.AddDate(0, 1, -1), nil
	}
	at, err := day(s)
	if err != nil {
		return at, errors.New("neither a month such as 092034 nor a day such as 31/12/2025")
	}
	return at, nil
}

// holder splits "57507378000365 - EMS S/A": the other way round than the portal writes it, so from the left.
func holder(s string) (cnpj, name string, err error) {
	if s == "" {
		return "", "", nil
	}
	found := company.FindStringSubmatch(s)
	if found == nil {
		return "", "", errors.New(`not a company such as "57507378000365 - EMS S/A"`)
	}
	return found[1], found[2], nil
}

// Fold makes words comparable: without case, accents and needless blanks, as "produto de terapia avancada".
func Fold(s string) string {
	bare := strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) {
			return -1
		}
		return unicode.ToLower(c)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(bare), " ")
}

// Category spells a regulatory category as the portal does, whatever its case and accents: "BIOLOGICO" is "Biológico".
// One that is not known stays as it is; "" is a product without one.
func Category(s string) string {
	folded := Fold(s)
	for _, known := range []string{
		"Biológico", "Dinamizado", "Específico", "Fitoterápico", "Genérico", "Novo", "Radiofármaco", "Similar",
		"Produto de Terapia Avançada", "Baixo Risco", "Gases Medicinais",
	} {
		if Fold(known) == folded {
			return known
		}
	}
	return s
}

// status spells a status as the agency does now. VÁLIDO, and CADUCO/CANCELADO, are what older files say.
func status(s string) string {
	switch Fold(s) {
	case "ativo", "valido":
		return Active
	case "inativo", "caduco/cancelado", "caduco", "cancelado", "vencido":
		return Inactive
	default:
		return s
	}
}
