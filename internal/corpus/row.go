package corpus

import (
	"strings"
	"unicode/utf8"

	"drugslm/internal/asset"
)

// Row is one leaflet of the corpus, with what the others make of it.
type Row struct {
	ID                 string    `parquet:"id" doc:"Product, audience, and which leaflet of the document: 1156882/patient#1"`
	IDProduto          int64     `parquet:"id_produto" doc:"The portal's number of the product"`
	Audience           string    `parquet:"audience,dict" doc:"patient or professional: as the leaflet's headings say, else as the portal does"`
	NomeProduto        string    `parquet:"nome_produto" doc:"Name of the product"`
	ActiveIngredients  []string  `parquet:"active_ingredients,list" doc:"As the leaflet's composition prints them"`
	Maker              string    `parquet:"maker" doc:"Company that holds the registration, as the catalog says, else as the leaflet does"`
	NumeroRegistro     string    `parquet:"numero_registro" doc:"Registration, 9 digits; empty where it is not known"`
	IDCategoria        string    `parquet:"id_categoria,dict" doc:"The portal's number of the regulatory category"`
	Categoria          string    `parquet:"categoria_regulatoria,dict" doc:"Name of the regulatory category"`
	IDDocumento        string    `parquet:"id_documento" doc:"The portal's number of this version of the leaflet"`
	Expediente         string    `parquet:"expediente" doc:"Filing of this version of the leaflet"`
	Version            string    `parquet:"version" doc:"The maker's code of the text; empty where none is printed"`
	ApprovedOn         string    `parquet:"approved_on" doc:"Day, 2021-04-12, on which Anvisa approved the standard it follows; empty where none is printed"`
	Kind               string    `parquet:"kind,dict" doc:"What the document is: leaflet, information_folder, cover_sheet, empty_form, no_text or other"`
	Text               string    `parquet:"text" rows:"text" doc:"The leaflet, without running heads and without the table of changes"`
	Markdown           string    `parquet:"markdown" rows:"text" doc:"The same with titles, lists and tables as Markdown"`
	Sections           []Section `parquet:"sections,list" doc:"Its sections by RDC 47/2009, in the order of the text"`
	Characters         int64     `parquet:"characters" doc:"Unicode characters in text"`
	Words              int64     `parquet:"words" doc:"Runs of letters and digits in text"`
	Pretokens          int64     `parquet:"pretokens" doc:"Pieces of text by the pattern of GPT-2's pre-tokeniser; no model's tokens, which are more"`
	Pages              int32     `parquet:"pages" doc:"Pages that the leaflet stands on"`
	UnreadPages        int32     `parquet:"unread_pages" doc:"Pages of these that show something that nobody could read: their text is not in text"`
	Source             string    `parquet:"source,dict" doc:"text, ocr_layer, ocr, or mixed: where the pages have their text from"`
	OCRShare           float64   `parquet:"ocr_share" doc:"Share of the pages that were recognised, 0 to 1"`
	Confidence         float64   `parquet:"confidence" doc:"Mean confidence of the sections by their length, 0 to 1; 0 without sections"`
	Language           string    `parquet:"language,dict" doc:"pt, es, en, fr, it, de, or und where none shows"`
	LanguageConfidence float64   `parquet:"language_confidence" doc:"Share of the text, in windows of 200 words, that is in this language"`
	Cluster            string    `parquet:"cluster" doc:"Id of the representative of the leaflets that are duplicates; empty for an excluded one"`
	ClusterSize        int32     `parquet:"cluster_size" doc:"Leaflets in the cluster, the representative included"`
	Representative     bool      `parquet:"representative" doc:"It speaks for its cluster: train on these"`
	Duplicate          string    `parquet:"duplicate,dict" doc:"exact (the same normal text as the representative's), near, or none"`
	Similarity         float64   `parquet:"similarity" doc:"Estimated Jaccard index with the representative; 1 for itself"`
	Family             string    `parquet:"family" doc:"Active ingredients without their salts, else the product's name"`
	Group              string    `parquet:"group" doc:"Lowest product number of all that is related by family or similarity: a group is in one split"`
	Split              string    `parquet:"split,dict" doc:"train, validation, test, or excluded"`
	Excluded           string    `parquet:"excluded,dict" doc:"Why it is in no split: not_a_leaflet, too_short or not_portuguese; empty for one that is"`
	Disagreements      []string  `parquet:"disagreements,list" doc:"What the catalog says of the product and the leaflet does not"`
	License            string    `parquet:"license,dict" doc:"What is known of the licence of the text"`
	Origin             string    `parquet:"origin,dict" doc:"Who published it; source_url and fetched_at say where and when"`
	SHA256             string    `parquet:"sha256" doc:"Of the PDF"`
	TextSHA256         string    `parquet:"text_sha256" doc:"Of the normal form of the text: exact duplicates share it"`
	asset.Provenance
}

// ItemID is the leaflet.
func (r Row) ItemID() string { return r.ID }

// NewRow puts a document and its place together.
func NewRow(d Document, p Place) Row {
	return Row{
		ID: d.ID, IDProduto: d.Product, Audience: d.Audience, NomeProduto: d.Name, ActiveIngredients: d.Ingredients, Maker: d.Maker,
		NumeroRegistro: d.Registration, IDCategoria: d.CategoryID, Categoria: d.Category, IDDocumento: d.DocumentID, Expediente: d.Expediente,
		Version: d.Version, ApprovedOn: d.ApprovedOn, Kind: d.Kind, Text: d.Text, Markdown: d.Markdown, Sections: d.Sections,
		Characters: int64(utf8.RuneCountInString(d.Text)), Words: int64(Words(d.Text)), Pretokens: int64(Pretokens(d.Text)),
		Pages: int32(d.Pages), UnreadPages: int32(d.Unread), Source: d.Source, OCRShare: d.OCRShare, Confidence: d.Confidence,
		Language: p.Language, LanguageConfidence: p.LanguageConfidence, Cluster: p.Cluster, ClusterSize: int32(p.ClusterSize),
		Representative: p.Representative(), Duplicate: p.Duplicate, Similarity: p.Similarity, Family: p.Family, Group: p.Group,
		Split: p.Split, Excluded: p.Excluded, Disagreements: d.Disagreements, License: d.License, Origin: d.Origin,
		SHA256: d.SHA256, TextSHA256: p.TextSHA256, Provenance: d.Provenance,
	}
}

// numbered counts the sections with a number that have a text.
func (r Row) numbered() int { return Document{Sections: r.Sections}.numbered() }

// licensed says what a row lacks of licence and origin.
func (r Row) licensed() string {
	var lacking []string
	for _, field := range []struct {
		name string
		has  bool
	}{{"license", r.License != ""}, {"origin", r.Origin != ""}, {"source_url", r.SourceURL != ""}, {"fetched_at", !r.FetchedAt.IsZero()}, {"sha256", r.SHA256 != ""}} {
		if !field.has {
			lacking = append(lacking, field.name)
		}
	}
	return strings.Join(lacking, ", ")
}
