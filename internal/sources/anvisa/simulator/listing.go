package simulator

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// ListingColumns are the columns a listing file must have, in any order, named in its first row. Times are written
// as 2006-01-02T15:04:05.000-0700, the text is UTF-8.
func ListingColumns() []string {
	return []string{"idProduto", "numeroRegistro", "nomeProduto", "expediente", "razaoSocial", "cnpj", "data", "numProcesso", "dataAtualizacao"}
}

// What a listing may be at most; the real one is 1.5 MB and its longest field has 172 characters.
const (
	maxListingBytes = 256 << 20
	maxFieldRunes   = 1000
)

type listing struct {
	day      time.Time
	products []*product
}

// readListing reads a file of rows, CSV or CSV.gz.
func readListing(path string) (listing, error) {
	f, err := file.Open(path)
	if err != nil {
		return listing{}, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return listing{}, fault.Wrap(fault.Invalid, "unpack", err)
		}
	}
	l, err := parseListing(io.LimitReader(in, maxListingBytes))
	return l, fault.Wrap(fault.Invalid, "", err)
}

func parseListing(in io.Reader) (l listing, err error) {
	rows := csv.NewReader(in)
	header, err := rows.Read()
	if err != nil {
		return l, fmt.Errorf("header: %w", err)
	}
	at, err := columns(header)
	if err != nil {
		return l, err
	}
	seen, all := map[int]bool{}, newStock()
	for line := 2; ; line++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, err // it names the line itself
		}
		p, day, err := parseRow(func(column string) string { return row[at[column]] })
		if err != nil {
			return l, fmt.Errorf("line %d: %w", line, err)
		}
		if seen[p.ID] {
			return l, fmt.Errorf("line %d: idProduto %d appears twice", line, p.ID)
		}
		seen[p.ID] = true
		p.formula = all.listedFormula(p.ID, p.Name)
		l.day, l.products = day, append(l.products, p)
	}
	if len(l.products) == 0 {
		return l, errors.New("no rows")
	}
	return l, nil
}

func columns(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range header {
		at[strings.TrimPrefix(name, "\ufeff")] = i
	}
	for _, name := range ListingColumns() {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("header: no column %s", name)
		}
	}
	return at, nil
}

func parseRow(field func(string) string) (p *product, day time.Time, err error) {
	for _, name := range ListingColumns() {
		if v := field(name); !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxFieldRunes {
			return nil, day, fmt.Errorf("%s: not UTF-8, or longer than %d characters", name, maxFieldRunes)
		}
	}
	id, err := strconv.Atoi(field("idProduto"))
	if err != nil || id <= 0 {
		return nil, day, fmt.Errorf("idProduto: %q is not a number", field("idProduto"))
	}
	published, err := time.Parse(timeLayout, field("data"))
	if err != nil {
		return nil, day, fmt.Errorf("data: %w", err)
	}
	if day, err = time.Parse(timeLayout, field("dataAtualizacao")); err != nil {
		return nil, day, fmt.Errorf("dataAtualizacao: %w", err)
	}
	p = &product{Product: Product{ID: id, Registration: field("numeroRegistro"), Name: field("nomeProduto"), Company: field("razaoSocial"),
		CNPJ: field("cnpj"), Process: field("numProcesso"), Expediente: field("expediente"), Published: published}}
	return p.complete(), day, nil
}

// mergeDeclared joins what is served with what is declared: the listing shows the one, the totals count the other.
func mergeDeclared(served, declared []*product) []*product {
	isDeclared := map[int]bool{}
	for _, p := range declared {
		isDeclared[p.ID] = true
	}
	shown := map[int]bool{}
	for _, p := range served {
		p.declared, shown[p.ID] = isDeclared[p.ID], true
	}
	for _, p := range declared {
		if !shown[p.ID] {
			p.listed = false
			served = append(served, p)
		}
	}
	return served
}
