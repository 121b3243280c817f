package api

import (
	"drugslm/internal/corpus"
)

// CorpusCard is the document of `corpus card`.
type CorpusCard struct {
	corpus.About
	*corpus.Stats
}

// CorpusExport is the document of `corpus export`.
type CorpusExport struct {
	corpus.Exported
	Version int64    `json:"table_version"`
	Formats []string `json:"formats"`
	All     bool     `json:"all"`
}
