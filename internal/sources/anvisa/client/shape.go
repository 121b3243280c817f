package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bounds of what is compared and told of an answer's shape.
const (
	maxPaths       = 500
	maxDepth       = 12
	describedPaths = 5 // in an error's text; the evidence has all
)

// The keys of the portal's answers as they are known: a path for each, "[]" for the elements of a list.
const (
	listingShape = `content content[] content[].idProduto content[].numeroRegistro content[].nomeProduto content[].expediente
		content[].razaoSocial content[].cnpj content[].numeroTransacao content[].data content[].numProcesso
		content[].idBulaPacienteProtegido content[].idBulaProfissionalProtegido content[].dataAtualizacao
		totalElements totalPages last numberOfElements first sort number size`
	documentKeys = `idDocumento expediente idSituacao numeroRegistro descSituacao idBulaPaciente idBulaProfissional priDtSitValDocumento
		ultDtSitDocumento ultimaSituacaoDocumento nuTransacao dtTransacao historicoCod historicoDtSit descHistSituacao dataPublicacao
		situacaoAtual ultimaSitVal histSitVal`
	pageKeys      = `content content[] totalElements totalPages last numberOfElements first sort number size`
	categoryShape = `[] [].id [].descricao`
	// headings of the results table, one a line: those that the page has shown since 2023.
	tableHeadings = "Medicamento\nEmpresa - CNPJ\nExpediente\nData de Publicação\nBula do Paciente\nBula do Profissional\nHistórico de Bulas"
)

// historyShape are the keys of a product's history.
func historyShape() string {
	under := func(prefix, keys string) string { return prefix + strings.Join(strings.Fields(keys), " "+prefix) }
	return "registroProduto nomeProduto historico bulaAtual " + under("historico.", pageKeys) + " " +
		under("historico.content[].", documentKeys) + " " + under("bulaAtual.", documentKeys)
}

// Difference is how an answer or a page differs from the form that is known.
type Difference struct {
	Missing []string `json:"missing"` // known, and not there
	New     []string `json:"new"`     // there, and not known
}

// String tells the first of both: "missing content[].idProduto; new content[].codigo". "" is no difference.
func (d Difference) String() string {
	var parts []string
	for _, one := range []struct {
		name  string
		paths []string
	}{{"missing", d.Missing}, {"new", d.New}} {
		if n := len(one.paths); n > 0 {
			text := one.name + " " + strings.Join(one.paths[:min(n, describedPaths)], ", ")
			if n > describedPaths {
				text += fmt.Sprintf(" and %d more", n-describedPaths)
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// compare holds paths that were seen against those that are known. What would lie below something that is not there,
// or is empty, is not counted as missing.
func compare(known []string, seen map[string]bool) Difference {
	d := Difference{Missing: []string{}, New: []string{}}
	expected := make(map[string]bool, len(known))
	for _, path := range known {
		expected[path] = true
		if parent := above(path); !seen[path] && (parent == "" || seen[parent]) && !strings.HasSuffix(path, "[]") {
			d.Missing = append(d.Missing, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(seen)) {
		if parent := above(path); !expected[path] && (parent == "" || expected[parent]) {
			d.New = append(d.New, path)
		}
	}
	return d
}

// above is what a path lies in: "a" and "a[]" for "a[].b".
func above(path string) string {
	if list, ok := strings.CutSuffix(path, "[]"); ok {
		return list
	}
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

// pathsOf gives the paths of a JSON document's keys, the first maxPaths of them. One that is no JSON has none.
func pathsOf(body []byte) map[string]bool {
	var document any
	if json.Unmarshal(body, &document) != nil {
		return nil
	}
	found := make(map[string]bool)
	var walk func(at string, v any, depth int)
	walk = func(at string, v any, depth int) {
		if depth > maxDepth || len(found) >= maxPaths {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				path := strings.TrimPrefix(at+"."+printable(key), ".")
				found[path] = true
				walk(path, value, depth+1)
			}
		case []any:
			for _, element := range v {
				found[at+"[]"] = true
				walk(at+"[]", element, depth+1)
			}
		}
	}
	walk("", document, 0)
	return found
}

// printableText bounds a text of the page: one line of plain characters.
func printableText(text string) string {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd || r > 0x2000 {
			return ' '
		}
		return r
	}, text))
	clean := strings.Join(words, " ")
	return strings.ToValidUTF8(clean[:min(len(clean), 60)], "")
}

// printable bounds a name that comes from the portal.
func printable(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == 0xfffd || r == '.' || r == '[' || r == ']' || r > 0x2000 {
			return '?'
		}
		return r
	}, name)
	return clean[:min(len(clean), 60)]
}
