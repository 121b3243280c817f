package client

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// envelopeText is an answer of the portal with made-up tokens, its keys in another order than ours.
const envelopeText = `{"totalPages":1,"last":true,"totalElements":2,"sort":null,"number":0,"size":100,"numberOfElements":2,"first":true,
"content":[
{"idProduto":1156882,"numeroRegistro":"102351340","nomeProduto":"COMPLEXO  B","expediente":"0810766264","razaoSocial":"EMS S/A",
 "cnpj":"57507378000365","numeroTransacao":"10638612026","data":"2026-08-10T11:17:12.000-0300","numProcesso":"25351080622201702",
 "idBulaPacienteProtegido":"eyJhbGciOiJIUzUxMiJ9.e30.c2ln","idBulaProfissionalProtegido":null,
 "dataAtualizacao":"2026-08-27T00:00:00.000-0300","extra":{"a":[1]}},
{"dataAtualizacao":"2026-08-27T00:00:00.000-0300","numeroRegistro":"","nomeProduto":"TESTE PUBLICACAO","idProduto":595513,
 "data":"2014-01-17T14:28:19.000-0200","razaoSocial":"EMPRESA DE TESTE LTDA. (VS01)"}]}`

func TestDecodeEnvelope(t *testing.T) {
	t.Parallel()
	e, err := decodeEnvelope([]byte(envelopeText))
	require.NoError(t, err)
	require.Equal(t, []int{2, 0, 100}, []int{e.declared, e.number, e.size})
	zone := time.FixedZone("", -3*60*60)
	want := Product{
		ID: 1156882, Registration: "102351340", Name: "COMPLEXO  B", Company: "EMS S/A", CNPJ: "57507378000365",
		Process: "25351080622201702", Expediente: "0810766264", Transaction: "10638612026", HasPatient: true,
	}
	got := e.products[0]
	require.True(t, got.PublishedAt.Equal(time.Date(2026, 8, 10, 11, 17, 12, 0, zone)))
	require.True(t, got.Snapshot.Equal(time.Date(2026, 8, 27, 0, 0, 0, 0, zone)))
	got.PublishedAt, got.Snapshot = time.Time{}, time.Time{}
	require.Equal(t, want, got)
	// The portal's own test record has no registration, but counts.
	require.Equal(t, int64(595513), e.products[1].ID)
	require.Equal(t, "2014-01-17T14:28:19-02:00", e.products[1].PublishedAt.Format(time.RFC3339))
}

func TestDecodeEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, new, text string }{
		{"no total", `"totalElements":2`, `"total":2`, "totalElements"},
		{"no content", `"content":[`, `"conteudo":[`, "content"},
		{"no number", `"number":0`, `"number":null`, "number"},
		{"nonsense total", `"totalElements":2`, `"totalElements":-2`, "it has -2"},
		{"endless total", `"totalElements":2`, `"totalElements":2000000`, "it has 2000000"},
		{"size zero", `"size":100`, `"size":0`, "size 0"},
		{"no id", `"idProduto":1156882`, `"id":1156882`, "idProduto"},
		{"id of another type", `"idProduto":1156882`, `"idProduto":"1156882"`, "idProduto"},
		{"no day", `"dataAtualizacao":"2026-08-27T00:00:00.000-0300","extra"`, `"extra"`, "dataAtualizacao"},
		{"a day of another shape", `"2026-08-10T11:17:12.000-0300"`, `"10/08/2026"`, "expected a time"},
		{"cut off", `"content":[`, `"content":[[[`, "page of products"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(envelopeText, tt.old, tt.new, 1)
			require.NotEqual(t, envelopeText, broken)
			_, err := decodeEnvelope([]byte(broken))
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), "eyJ")
		})
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	f.Add([]byte(envelopeText))
	f.Add([]byte(`{"content":[],"totalElements":0,"number":0,"size":10}`))
	f.Add([]byte(`{"content":null,"totalElements":1e9,"number":-1,"size":1}`))
	f.Add([]byte(`<!DOCTYPE html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := decodeEnvelope(body)
		if err != nil {
			require.Empty(t, e.products)
			return
		}
		require.GreaterOrEqual(t, e.declared, 0)
		require.LessOrEqual(t, e.declared, maxProducts)
		require.Positive(t, e.size)
		for _, p := range e.products {
			require.Positive(t, p.ID)
			require.False(t, p.Snapshot.IsZero())
			_, err := json.Marshal(p.Snapshot) // fails for years that RFC 3339 cannot write
			require.NoError(t, err)
		}
	})
}

func TestDecodeCategories(t *testing.T) {
	t.Parallel()
	want := []Category{{"1", "Biológico"}, {"2", "Dinamizado"}, {"10", "Produto de Terapia Avançada"}}
	tests := []struct{ name, body string }{
		{"id and descricao", `[{"id":10,"descricao":"Produto de Terapia Avançada"},{"id":1,"descricao":"Biológico"},{"id":2,"descricao":"Dinamizado"}]`},
		{"codigo and nome", `[{"nome":" Biológico ","codigo":"1"},{"codigo":2,"nome":"Dinamizado"},{"id":null,"codigo":10,"nome":"Produto de Terapia Avançada"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeCategories([]byte(tt.body))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	for _, body := range []string{
		`[]`, `{}`, `null`, `[{"id":1}]`, `[{"descricao":"Novo"}]`, `[{"id":"../1","descricao":"Novo"}]`, `[{"id":true,"descricao":"Novo"}]`,
		`[{"id":1,"descricao":"Novo"},{"id":"01","descricao":"Similar"}]`,
	} {
		_, err := decodeCategories([]byte(body))
		require.ErrorContains(t, err, "expected", body)
	}
}

func TestDecodeCurrent(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJIUzUxMiJ9.e30.c2ln"
	c, err := decodeCurrent([]byte(`{"historico":{"content":[]},"bulaAtual":{"idDocumento":24584498,"expediente":"0810766264",
		"idBulaPaciente":null,"idBulaProfissional":"` + secret + `"}}`))
	require.NoError(t, err)
	require.Equal(t, []string{"24584498", "0810766264"}, []string{c.DocumentID, c.Expediente})
	require.False(t, c.Patient.Present())
	require.True(t, c.Professional.Present())
	require.Equal(t, secret, c.Professional.reveal())

	none, err := decodeCurrent([]byte(`{"historico":{"content":[]},"bulaAtual":null}`))
	require.NoError(t, err)
	require.Empty(t, none.DocumentID)

	for _, body := range []string{
		`{}`, `[]`, `{"bulaAtual":{}}`, `{"bulaAtual":{"idDocumento":"../../etc"}}`,
		`{"bulaAtual":{"idDocumento":1,"idBulaPaciente":"` + secret + `/../../x?a=b"}}`,
		`{"bulaAtual":{"idDocumento":1,"idBulaPaciente":"` + strings.Repeat(secret, 200) + `"}}`,
		`{"bulaAtual":{"idDocumento":1,"idBulaPaciente":["` + secret + `"]}}`,
	} {
		_, err := decodeCurrent([]byte(body))
		require.ErrorContains(t, err, "expected", body)
		require.NotContains(t, err.Error(), "eyJ")
	}
}
