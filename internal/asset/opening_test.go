package asset_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa"
)

// OpeningKey is the asset of the first sentences of documents.
const OpeningKey asset.Key = "example/opening"

// OpeningRow is the first sentence of a document.
type OpeningRow struct {
	Document string `parquet:"document" doc:"Product and audience"`
	Sentence string `parquet:"sentence" doc:"Up to the first full stop"`
	asset.Provenance
}

// ItemID is the document.
func (r OpeningRow) ItemID() string { return r.Document }

// Opening declares the first sentence of each document. Each is made by itself: one that has none is quarantined, and
// the others are published.
func Opening(categories *asset.Partitions) *asset.Asset {
	return asset.New(asset.Spec[OpeningRow]{
		Key:         OpeningKey,
		Description: "The first sentence of every document.",
		Grain:       "a document",
		IDFormat:    "document",
		Deps:        asset.On(anvisa.ExtractKey),
		Partitions:  categories,
		Location:    "processed/example/opening",
		CodeVersion: "1",
		Queue:       asset.QueueExtract,
		BatchSize:   100,
		Items:       texts,
		Make:        open,
	})
}

// opening is what open needs to know of a document: at most 4 KiB as JSON.
type opening struct {
	Text      string
	FetchedAt time.Time
	SourceURL string
}

// texts names every document.
func texts(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
	for doc, err := range asset.Input[anvisa.ExtractRow](ctx, run, anvisa.ExtractKey) {
		if err != nil {
			return err
		}
		text := strings.ToValidUTF8(doc.Text[:min(len(doc.Text), 500)], "")
		input, err := json.Marshal(opening{text, doc.FetchedAt, doc.SourceURL})
		if err != nil {
			return err
		}
		item := asset.Item{
			ID: doc.ItemID(), Label: doc.NomeProduto, From: doc.ItemID(), Input: input,
			Fingerprint: fmt.Sprintf("%x", sha256.Sum256([]byte(text))),
		}
		if err := emit(item); err != nil {
			return err
		}
	}
	return nil
}

// open makes the rows of one batch.
func open(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[OpeningRow]) error {
	for _, item := range batch {
		var doc opening
		err := json.Unmarshal(item.Input, &doc)
		sentence, _, found := strings.Cut(doc.Text, ".")
		if err == nil && !found {
			err = fault.New(fault.Corrupt, "find sentence", "the text has no full stop")
		}
		row := OpeningRow{Document: item.ID, Sentence: sentence, Provenance: run.Provenance(doc.FetchedAt, doc.SourceURL)}
		if err := report(item.ID, row, err); err != nil {
			return err
		}
	}
	return nil
}

// An asset whose items are made one by one, in batches. One that cannot be made says why.
func ExampleSpec_make() {
	made := Opening(asset.Static("category", "5"))
	run := assettest.Run(made, "5", assettest.Inputs{anvisa.ExtractKey: {"5": assettest.Rows(
		anvisa.ExtractRow{Row: document.Row{IDProduto: 1, Audience: document.Patient, Text: "Para que serve. Como usar."}},
		anvisa.ExtractRow{Row: document.Row{IDProduto: 2, Audience: document.Patient, Text: "Bula"}},
	)}})
	items, err := assettest.Items(context.Background(), made, run)
	if err != nil {
		fmt.Println(err)
	}
	result, err := assettest.Make[OpeningRow](context.Background(), made, run, items)
	if err != nil {
		fmt.Println(err)
	}
	for _, item := range items {
		if err := result.Failed[item.ID]; err != nil {
			fmt.Println(item.ID, "failed:", err)
			continue
		}
		fmt.Println(item.ID, result.Rows[item.ID].Sentence)
	}
	// Output:
	// 1/patient Para que serve
	// 2/patient failed: find sentence: the text has no full stop
}
