package anvisa

import (
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/document"
)

// HistoryKey is the asset of the leaflets' tables of changes.
const HistoryKey asset.Key = "anvisa/history"

// HistoryRow is one row of the table of changes of one leaflet, its cells as printed: on one line, "N/A" for whatever
// says that there is nothing to say. The names are those of the table that RDC 60/2012 asks for.
type HistoryRow struct {
	IDProduto         int64  `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience          string `parquet:"audience,dict" doc:"patient (VP) or professional (VPS), as the portal says"`
	NomeProduto       string `parquet:"nome_produto" doc:"Name of the product"`
	IDDocumento       string `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	SHA256            string `parquet:"sha256" doc:"Of the PDF the row is from"`
	Leaflet           int32  `parquet:"leaflet" doc:"Which leaflet of the document, 1-based"`
	Row               int32  `parquet:"row" doc:"Of its table of changes, 1-based"`
	DataExpediente    string `parquet:"data_expediente" doc:"When the electronic filing was made, as printed"`
	Expediente        string `parquet:"expediente" doc:"Its number; often empty in the last row, since it is given when the leaflet is filed"`
	Assunto           string `parquet:"assunto,dict" doc:"Its subject"`
	DataPeticao       string `parquet:"data_peticao" doc:"When the petition that changes the leaflet was made"`
	ExpedientePeticao string `parquet:"expediente_peticao" doc:"Its number"`
	AssuntoPeticao    string `parquet:"assunto_peticao,dict" doc:"Its subject"`
	DataAprovacao     string `parquet:"data_aprovacao" doc:"When it was approved"`
	ItensBula         string `parquet:"itens_bula" doc:"The leaflet's items that changed"`
	Versoes           string `parquet:"versoes,dict" doc:"VP, VPS or both"`
	Apresentacoes     string `parquet:"apresentacoes" doc:"The presentations it is about"`
	Page              int32  `parquet:"page" doc:"Where the row begins, 1-based"`
	asset.Provenance
}

// ItemID is the document, the leaflet in it, and the row's place.
func (r HistoryRow) ItemID() string {
	return fmt.Sprintf("%s#%d/change/%d", document.ItemID(r.IDProduto, r.Audience), r.Leaflet, r.Row)
}

// documentID is the item of [ExtractKey] that the change is of.
func (r HistoryRow) documentID() string { return document.ItemID(r.IDProduto, r.Audience) }

// History declares the asset of all changes, one a row.
func History(categories *asset.Partitions) *asset.Asset {
	return partsOf(categories, asset.Spec[HistoryRow]{
		Key:         HistoryKey,
		Description: "The tables of changes at the leaflets' ends, one change a row.",
		Grain:       "a row of the table of changes of a leaflet in a document",
		IDFormat:    "id_produto/audience#leaflet/change/row",
		Location:    "processed/anvisa/history",
		CodeVersion: "1",
		Checks:      historyChecks(),
	}, historyRows)
}

// item knows a change by all that its row says of it.
func (r HistoryRow) item() asset.Item {
	return asset.Item{ID: r.ItemID(), Label: r.NomeProduto, From: r.documentID(), Fingerprint: digest(
		r.NomeProduto, r.IDDocumento, r.SHA256, r.DataExpediente, r.Expediente, r.Assunto, r.DataPeticao, r.ExpedientePeticao,
		r.AssuntoPeticao, r.DataAprovacao, r.ItensBula, r.Versoes, r.Apresentacoes, fmt.Sprint(r.Page),
	)}
}

// historyRows are the changes in one document.
func historyRows(run asset.Run, doc ExtractRow) []HistoryRow {
	places := make(map[int32]int32)
	changes := make([]HistoryRow, 0, len(doc.History))
	for _, c := range doc.History {
		places[c.Leaflet]++
		changes = append(changes, HistoryRow{
			IDProduto: doc.IDProduto, Audience: doc.Audience, NomeProduto: doc.NomeProduto, IDDocumento: doc.IDDocumento, SHA256: doc.SHA256,
			Leaflet: c.Leaflet, Row: places[c.Leaflet], DataExpediente: c.DataExpediente, Expediente: c.Expediente, Assunto: c.Assunto,
			DataPeticao: c.DataPeticao, ExpedientePeticao: c.ExpedientePeticao, AssuntoPeticao: c.AssuntoPeticao, DataAprovacao: c.DataAprovacao,
			ItensBula: c.ItensBula, Versoes: c.Versoes, Apresentacoes: c.Apresentacoes, Page: c.Page,
			Provenance: run.Provenance(doc.FetchedAt, doc.SourceURL),
		})
	}
	return changes
}
