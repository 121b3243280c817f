// Package opendata reads the table of medicines that ANVISA publishes as open data, DADOS_ABERTOS_MEDICAMENTOS.csv:
// one row for every product that ever had, asked for, or needed a registration. The agency's leaflet portal shows
// about 8,800 products; this table has some 43,400 rows: 26,100 inactive, 10,300 active with a registration number and
// 7,000 active without one. It is the only independent word on how many products there should be.
//
// # The file
//
// Fields are apart by ";", lines end in CRLF, text is quoted and doubles the quotes in it. The first row names the
// columns, in any order; those that are not in [Columns] are ignored. The encoding is ISO-8859-1, read as every browser
// reads it: as Windows-1252, which only gives printable characters to bytes that ISO-8859-1 leaves to control codes.
//
// # Use
//
//	r, err := opendata.NewReader(file)
//	if err != nil {
//		return err // a fault.Layout: not this table
//	}
//	for row, err := range r.Rows() {
//		…
//	}
//	sum := r.Summary()
//
// A Reader streams: it holds one record, and what the summary counts. What it takes is bounded ([MaxBytes], [MaxRows],
// [MaxRecord], [MaxField]): beyond the first two reading ends with a fault.Layout. A line that cannot be read is not an
// error and never lost: the summary counts it, and lists the first [MaxBad] with number, reason and text. A quote that
// is not closed costs its own line and no other.
//
// A Reader is not safe for several goroutines. Nothing needs closing.
package opendata

import (
	"io"
	"iter"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// The bounds of a file. The real one has some 43,400 rows.
const (
	MaxBytes  = 64 << 20 // of the file: as many rows of 1,500 bytes; the simulated portal's have 200
	MaxRows   = 500_000  // ten times the real one, with the lines that cannot be read
	MaxRecord = 64 << 10 // bytes of a row: eleven fields of the longest text that the agency's database keeps, 4,000 bytes
	MaxField  = 8 << 10  // bytes of a field: twice that text, for its quotes
	MaxBad    = 100      // lines listed in a summary; further ones are only counted

	maxKinds = 1000 // pairs of status and category: the real file has some thirty
	maxLines = 8    // a quoted text may continue for so many lines
)

// The columns.
const (
	colType         = "TIPO_PRODUTO"
	colName         = "NOME_PRODUTO"
	colFinished     = "DATA_FINALIZACAO_PROCESSO"
	colCategory     = "CATEGORIA_REGULATORIA"
	colRegistration = "NUMERO_REGISTRO_PRODUTO"
	colExpires      = "DATA_VENCIMENTO_REGISTRO"
	colProcess      = "NUMERO_PROCESSO"
	colClass        = "CLASSE_TERAPEUTICA"
	colCompany      = "EMPRESA_DETENTORA_REGISTRO"
	colStatus       = "SITUACAO_REGISTRO"
	colIngredients  = "PRINCIPIO_ATIVO"
)

// Columns are the columns that a file must have, in the order in which the agency writes them.
func Columns() []string {
	return []string{colType, colName, colFinished, colCategory, colRegistration, colExpires, colProcess, colClass, colCompany, colStatus, colIngredients}
}

// Statuses as the agency words them now. Older words become one of them; unknown ones stay as they are.
const (
	Active   = "Ativo"
	Inactive = "Inativo"
)

// Row is one product. Texts are trimmed; an empty text and a zero time mean that the file says nothing.
type Row struct {
	Line         int       // in the file, where the row begins; the columns' names are line 1
	Type         string    // "MEDICAMENTO"
	Name         string    // any case
	Finished     time.Time // the day on which the process ended, midnight UTC
	Category     string    // as the portal spells it, whatever the case here; see [Category]
	Registration string    // nine digits, or empty
	Expires      time.Time // the last day of the registration, midnight UTC; of a month alone its last day
	Process      string
	Class        string // therapeutic class
	CNPJ         string // of the company, 14 digits
	Company      string
	Status       string // [Active], [Inactive], or another word of the agency's
	Ingredients  string
}

// Reader reads one file.
type Reader struct {
	lines  *lines
	at     map[string]int // column → field
	fields int            // of a row
	sum    *tally

	spelt map[word]string // what comes again and again, as we spell it
}

// NewReader reads the columns' names. A file that lacks a column, or has one twice, is a fault.Layout naming all of
// them.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{lines: newLines(in), sum: newTally(), spelt: map[word]string{}}
	first, err := r.lines.next()
	if err != nil {
		return nil, wrap(err)
	}
	names, err := split(first.text)
	if err == nil {
		err = first.bad
	}
	if err != nil {
		return nil, fault.New(fault.Layout, op, "line 1: %w", err)
	}
	r.fields = len(names)
	r.at, err = locate(names)
	return r, err
}

const op = "read open data"

func wrap(err error) error {
	if err == io.EOF { //nolint:errorlint // as lines.next gives it
		return fault.New(fault.Layout, op, "the file is empty: expected a table with the columns %s", strings.Join(Columns(), ";"))
	}
	return err
}

// locate finds the columns among the names of the first row.
func locate(names []string) (map[string]int, error) {
	at := map[string]int{}
	var missing, twice []string
	for i, name := range names {
		name = strings.ToUpper(strings.TrimSpace(name))
		if _, ok := at[name]; ok && name != "" {
			twice = append(twice, name)
		}
		at[name] = i
	}
	for _, name := range Columns() {
		if _, ok := at[name]; !ok {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, fault.New(fault.Layout, op, "the table has no column %s", strings.Join(missing, ", "))
	case len(twice) > 0:
		return nil, fault.New(fault.Layout, op, "the table has more than one column %s", strings.Join(twice, ", "))
	}
	return at, nil
}

// Rows gives the rows that can be read, in the file's order, once. An error is the last thing it gives: the file could
// not be read on, or is beyond the bounds.
func (r *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err := r.next()
			if err == io.EOF { //nolint:errorlint // as lines.next gives it
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next gives the next row that can be read.
func (r *Reader) next() (Row, error) {
	for {
		first, err := r.lines.next()
		if err != nil {
			return Row{}, err
		}
		row, err := r.row(first)
		if err == nil {
			return row, r.sum.add(row)
		}
		if err := r.sum.bad(first, err); err != nil {
			return Row{}, err
		}
	}
}

// Summary counts what has been read so far.
func (r *Reader) Summary() Summary { return r.sum.summary() }
