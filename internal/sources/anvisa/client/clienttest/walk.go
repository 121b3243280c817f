package clienttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// place is a page of the results table.
type place struct {
	filters    url.Values // of the API, from the page's address
	page, size int
}

// item is what the table shows of a row of the listing.
type item struct {
	ID           int64  `json:"idProduto"`
	Name         string `json:"nomeProduto"`
	Company      string `json:"razaoSocial"`
	CNPJ         string `json:"cnpj"`
	Expediente   string `json:"expediente"`
	Process      string `json:"numProcesso"`
	Published    string `json:"data"`
	Patient      string `json:"idBulaPacienteProtegido"`
	Professional string `json:"idBulaProfissionalProtegido"`
}

// walk does what script "walk" does, as far as a table without a browser can.
func (p *page) walk(ctx context.Context, args []any) (map[string]any, error) {
	switch command := args[0].(string); command {
	case "route":
		filters, err := filtersOf(args[1].(string))
		if err != nil {
			return nil, err
		}
		p.place = place{filters: filters, page: 1, size: 10}
	case "size":
		p.place.page, p.place.size = 1, args[1].(int)
	case "next":
		p.place.page++
	case "page":
		p.place.page = args[1].(int)
	default:
		return nil, fmt.Errorf("no step of a walk: %q", command)
	}
	return p.table(ctx)
}

// filtersOf reads the address of a results page as the page does: dates continue as midnight in Brasília.
func filtersOf(route string) (url.Values, error) {
	_, query, _ := strings.Cut(route, "?")
	fields, err := url.ParseQuery(query)
	filters := url.Values{}
	for name := range fields {
		value := fields.Get(name)
		if strings.HasPrefix(name, "periodo") {
			value += "T03:00:00.000Z"
		}
		filters.Set("filter["+name+"]", value)
	}
	return filters, err
}

func (p *page) table(ctx context.Context) (map[string]any, error) {
	address := fmt.Sprintf("%s/api/consulta/bulario?column=&order=asc&count=%d&page=%d&%s",
		p.opened, p.place.size, p.place.page, p.place.filters.Encode())
	resp, err := p.get(ctx, address, map[string]string{"Authorization": "Guest"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var envelope struct {
		Content []item `json:"content"`
		Total   int    `json:"totalElements"`
	}
	err = json.NewDecoder(resp.Body).Decode(&envelope)
	if resp.StatusCode != http.StatusOK || err != nil {
		return map[string]any{"stuck": true, "status": resp.StatusCode, "html": err != nil}, nil
	}
	t := map[string]any{"page": p.place.page, "last": 1, "empty": envelope.Total == 0}
	rows := []map[string]any{}
	for _, i := range envelope.Content {
		rows = append(rows, i.row())
	}
	t["rows"] = rows
	if envelope.Total > 10 { // a shorter table has no choice of sizes
		t["size"], t["sizes"] = p.place.size, []int{10, 25, 50}
		t["last"] = (envelope.Total + p.place.size - 1) / p.place.size
	}
	return t, nil
}

func (i item) row() map[string]any {
	date, _ := time.Parse("2006-01-02T15:04:05.000-0700", i.Published)
	return map[string]any{
		"href": "#/medicamentos/" + strconv.FormatInt(i.ID, 10) + "?numeroProcesso=" + i.Process, "cells": 8,
		"name": i.Name, "company": i.Company + " - " + i.CNPJ, "expediente": i.Expediente,
		"date": date.Format("02/01/2006"), "patient": i.Patient != "", "professional": i.Professional != "",
	}
}
