package simulator

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter is what a listing request asks for. Empty fields ask for nothing.
type filter struct {
	name         string // prefix, whatever the case
	registration string // exact
	expediente   string // exact
	cnpj         string // exact, punctuation ignored
	categories   []int
	from, to     time.Time // days, both included
}

// parseFilter reads the seven filters, "filter[name]" each.
func parseFilter(q url.Values) (f filter, err error) {
	get := func(name string) string { return q.Get("filter[" + name + "]") }
	f = filter{name: strings.ToLower(get("nomeProduto")), registration: get("numeroRegistro"), expediente: get("expediente"), cnpj: onlyDigits(get("cnpj"))}
	for id := range strings.SplitSeq(get("categoriasRegulatorias"), ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		n, err := strconv.Atoi(id)
		if err != nil {
			return f, fmt.Errorf("category %q is not a number", id)
		}
		f.categories = append(f.categories, n)
	}
	if f.from, err = parseDay(get("periodoPublicacaoInicial")); err != nil {
		return f, err
	}
	f.to, err = parseDay(get("periodoPublicacaoFinal"))
	return f, err
}

// parseDay reads 2021-01-31, or the instant that the page sends for it, 2021-01-31T03:00:00.000Z. It gives that day's start.
func parseDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("date %q: want AAAA-MM-DD", s)
	}
	return dayOf(at.In(time.FixedZone("", -3*3600))), nil
}

// dayOf drops the time of day and the zone, so that days can be compared.
func dayOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (f filter) match(p *product) bool {
	return (len(f.categories) == 0 || slices.Contains(f.categories, p.Category)) &&
		(f.registration == "" || f.registration == p.Registration) &&
		(f.expediente == "" || f.expediente == p.Expediente) &&
		(f.cnpj == "" || f.cnpj == p.CNPJ) &&
		(f.name == "" || strings.HasPrefix(strings.ToLower(p.Name), f.name)) &&
		(f.from.IsZero() || !dayOf(p.Published).Before(f.from)) &&
		(f.to.IsZero() || !dayOf(p.Published).After(f.to))
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("./- ", r) {
			return -1
		}
		return r
	}, s)
}

// paging is which part of a list is asked for.
type paging struct {
	page  int // from 1
	count int
}

// maxCount is the largest page known to be given.
const (
	defaultCount = 10
	maxCount     = 1000
)

func parsePaging(q url.Values) (paging, error) {
	page, err := positive(q.Get("page"), 1)
	if err != nil {
		return paging{}, fmt.Errorf("page: %w", err)
	}
	count, err := positive(q.Get("count"), defaultCount)
	if err != nil {
		return paging{}, fmt.Errorf("count: %w", err)
	}
	return paging{page, min(count, maxCount)}, nil
}

func positive(s string, otherwise int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, fmt.Errorf("%q is not a positive number", s)
	}
	return n, nil
}

// of cuts the page out of a list.
func of[T any](p paging, all []T) []T {
	from := min((p.page-1)*p.count, len(all))
	return all[from:min(from+p.count, len(all))]
}

// envelope is a Spring page: asked for by a page that counts from 1, answered with a number that counts from 0.
type envelope[T any] struct {
	Content          []T     `json:"content"`
	TotalElements    int     `json:"totalElements"`
	TotalPages       int     `json:"totalPages"`
	Last             bool    `json:"last"`
	NumberOfElements int     `json:"numberOfElements"`
	First            bool    `json:"first"`
	Sort             *string `json:"sort"`
	Number           int     `json:"number"`
	Size             int     `json:"size"`
}

func newEnvelope[T any](p paging, content []T, total int) envelope[T] {
	pages := (total + p.count - 1) / p.count
	if content == nil {
		content = []T{}
	}
	return envelope[T]{Content: content, TotalElements: total, TotalPages: pages, Last: p.page >= pages,
		NumberOfElements: len(content), First: p.page == 1, Number: p.page - 1, Size: p.count}
}
