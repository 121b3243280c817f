package document

import (
	"context"
	"unicode"
	"unicode/utf8"

	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// RowOf returns the row of a document, without the values that only its source knows.
func RowOf(d pdf.Document, found leaflet.File) Row {
	row := Row{Warnings: d.Warnings}
	row.read(d, found)
	return row
}

// Find finds the leaflets of a document in a process that reader can stop: the text is untrusted. Errors are those of reader.
func Find(ctx context.Context, reader Reader, d pdf.Document) (leaflet.File, error) {
	const doing = "find sections"
	pages := LeafletPages(d)
	answer, err := reader.Hand(ctx, doing, leaflet.Message(pages))
	if err != nil {
		return leaflet.File{}, err
	}
	found, err := leaflet.Answer(answer, len(pages))
	return found, fault.Wrap(fault.Corrupt, doing, err)
}

// read copies the contents of a document, and what was found in it.
func (r *Row) read(d pdf.Document, found leaflet.File) {
	for _, page := range d.Pages {
		r.Pages = append(r.Pages, extractPage(page))
	}
	r.Kind, r.Reason, r.Text, r.Running = string(found.Kind), found.Reason, found.Text, found.Running
	r.Characters = int64(utf8.RuneCountInString(r.Text))
	r.account(found)
	r.Found = string(leaflet.Other)
	r.Warnings = append(r.Warnings, found.Warnings...)
	for i, l := range found.Leaflets {
		r.add(int32(i+1), l)
	}
	if len(r.Leaflets) > 0 {
		r.Found = r.Leaflets[0].Audience
	}
}

// LeafletPages converts pages of package pdf to those of package leaflet.
func LeafletPages(d pdf.Document) []leaflet.Page {
	pages := make([]leaflet.Page, len(d.Pages))
	for i, page := range d.Pages {
		pages[i] = leaflet.Page{Text: page.Text, Words: make([]leaflet.Word, len(page.Words))}
		for _, r := range page.Rules {
			pages[i].Rules = append(pages[i].Rules, leaflet.Box(r))
		}
		for j, w := range page.Words {
			pages[i].Words[j] = leaflet.Word{Text: w.Text, Line: w.Line, Box: leaflet.Box(w.Box), Cell: leaflet.Cell(w.Cell)}
		}
		for _, d := range page.Dropped {
			pages[i].Dropped = append(pages[i].Dropped, leaflet.Drop{Text: d.Text, Reason: string(d.Reason)})
		}
	}
	return pages
}

func extractPage(p pdf.Page) Page {
	page := Page{Number: int32(p.Number), Text: p.Text, Source: string(p.Source), Confidence: p.Confidence, Unreadable: unreadable(p.Text), Letters: int32(p.Letters)}
	if page.FromFile() {
		page.Confidence = 1
	}
	return page
}

// unreadable counts characters without meaning.
func unreadable(text string) (n int32) {
	for _, r := range text {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) {
			n++
		}
	}
	return n
}

// add appends one leaflet of the document.
func (r *Row) add(number int32, l leaflet.Leaflet) {
	m := l.Metadata
	r.Leaflets = append(r.Leaflets, Leaflet{
		Number: number, Audience: string(l.Audience), FirstPage: int32(l.FirstPage), LastPage: int32(l.LastPage),
		Start: int64(l.Start), End: int64(l.End), Product: m.Product, Ingredients: m.Ingredients, Form: m.Form,
		Strengths: m.Strengths, Routes: m.Routes, Use: m.Use, Adult: m.Adult, Paediatric: m.Paediatric, Maker: m.Maker, CNPJ: m.CNPJ,
		Registration: m.Registration, Version: m.Version, ApprovedOn: m.ApprovedOn, Warnings: l.Warnings,
	})
	for _, s := range l.Sections {
		r.Sections = append(r.Sections, Section{
			Leaflet: number, ID: s.ID, Number: int32(s.Number), Title: s.Title, Text: s.Text, Markdown: s.Markdown,
			FirstPage: int32(s.FirstPage), LastPage: int32(s.LastPage), Start: int64(s.Start), End: int64(s.End),
			Confidence: s.Confidence, Reason: s.Reason,
		})
		for _, t := range s.Tables {
			r.addTable(number, s.ID, t)
		}
	}
	for _, m := range l.Absent {
		r.MissingIDs = append(r.MissingIDs, m.ID)
		r.Missing = append(r.Missing, Missing{Leaflet: number, ID: m.ID, Reason: m.Reason})
	}
	for _, c := range l.History {
		r.History = append(r.History, Change{
			Leaflet: number, DataExpediente: c.DataExpediente, Expediente: c.Expediente, Assunto: c.Assunto,
			DataPeticao: c.DataPeticao, ExpedientePeticao: c.ExpedientePeticao, AssuntoPeticao: c.AssuntoPeticao,
			DataAprovacao: c.DataAprovacao, ItensBula: c.ItensBula, Versoes: c.Versoes, Apresentacoes: c.Apresentacoes, Page: int32(c.Page),
		})
	}
}
