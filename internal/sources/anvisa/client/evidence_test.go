package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

// cabinet keeps evidence in memory.
type cabinet struct {
	mu    sync.Mutex
	cases map[string]map[string][]byte
}

func (s *cabinet) Keep(_ context.Context, name string, files map[string][]byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cases == nil {
		s.cases = map[string]map[string][]byte{}
	}
	s.cases[name] = files
	return "quarantine/" + name, nil
}

// evident is a client of a portal with a fault, and what it keeps of what it does not know.
func evident(t *testing.T, browser client.Browser, listing, faults string) (*client.Site, *simulator.Portal, *cabinet) {
	t.Helper()
	broken, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	p, err := simulator.New(simulator.Options{Products: 150, Faults: broken})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	kept := &cabinet{}
	site, err := client.NewSite(client.Options{URL: server.URL, Browser: browser, Pace: &clienttest.Pace{}, Listing: listing, PageSize: 20, Evidence: kept})
	require.NoError(t, err)
	return site, p, kept
}

// reported wants an error to name its evidence, and gives the report.
func reported(t *testing.T, kept *cabinet, err error) (client.Report, map[string][]byte) {
	t.Helper()
	require.Equal(t, fault.Layout, fault.KindOf(err), "%v", err)
	folder := fault.EvidenceOf(err)
	require.NotEmpty(t, folder)
	files := kept.cases[strings.TrimPrefix(folder, "quarantine/")]
	require.NotEmpty(t, files)
	var report client.Report
	require.NoError(t, json.Unmarshal(files["report.json"], &report))
	for name, content := range files {
		require.False(t, bytes.Contains(content, []byte("eyJ")), "%s holds a token", name)
		require.LessOrEqual(t, len(content), 4<<20)
	}
	return report, files
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	t.Run("is kept of JSON of an unknown form", evidenceIsKeptOfJSONOfUnknownForm)
	t.Run("is kept of a missing key", evidenceIsKeptOfMissingKey)
}

// evidenceIsKeptOfJSONOfUnknownForm: what is missing and what is new is said, and the answer is kept without tokens.
func evidenceIsKeptOfJSONOfUnknownForm(t *testing.T) {
	t.Parallel()
	site, p, kept := evident(t, clienttest.Browser{}, client.ListByAPI, "odd-json")
	var id int64
	for _, product := range p.Inventory().Products {
		id = int64(product.ID)
	}
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		_, err := v.List(ctx, "5", nil)
		report, files := reported(t, kept, err)
		require.ErrorContains(t, err, "missing content[].idProduto")
		require.ErrorContains(t, err, "new content[].codigoProduto")
		require.Contains(t, report.Difference.Missing, "content[].idBulaPacienteProtegido")
		require.Contains(t, report.Difference.New, "content[].tokenBulaPacienteProtegido")
		require.Equal(t, http.StatusOK, report.Status)
		require.Contains(t, string(files["body.txt"]), "codigoProduto")
		require.Contains(t, string(files["body.txt"]), "[redacted]")
		require.Contains(t, report.Unseen, "no pictures")

		_, again := v.List(ctx, "5", nil)
		require.Equal(t, fault.EvidenceOf(err), fault.EvidenceOf(again), "the same change is kept once")
		_, err = v.Current(ctx, id)
		report, _ = reported(t, kept, err)
		require.Contains(t, report.Difference.Missing, "bulaAtual.idDocumento")
		return nil
	}))
	require.Len(t, kept.cases, 2)
	p.SetFaults(simulator.Faults{})
	require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
		_, err := v.List(ctx, "5", nil)
		return err
	}), "once the portal is as it was")
}

// evidenceIsKeptOfMissingKey: else every leaflet would be absent, and every name empty.
func evidenceIsKeptOfMissingKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"nomeProduto", "expediente", "idBulaPacienteProtegido", "data", "cnpj"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			p, err := simulator.New(simulator.Options{Products: 150})
			require.NoError(t, err)
			inner := p.Handler()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				recorded := httptest.NewRecorder()
				inner.ServeHTTP(recorded, r)
				for name, values := range recorded.Header() {
					w.Header()[name] = values
				}
				body := strings.ReplaceAll(recorded.Body.String(), `"`+key+`":`, `"other":`)
				w.Header().Del("Content-Length")
				w.WriteHeader(recorded.Code)
				_, _ = w.Write([]byte(body)) // the client reads it all
			}))
			t.Cleanup(server.Close)
			kept := &cabinet{}
			site, err := client.NewSite(client.Options{URL: server.URL, Browser: clienttest.Browser{}, Pace: &clienttest.Pace{}, Evidence: kept})
			require.NoError(t, err)
			require.NoError(t, site.Visit(t.Context(), func(ctx context.Context, v *client.Visit) error {
				_, err := v.List(ctx, "5", nil)
				report, _ := reported(t, kept, err)
				require.Equal(t, []string{"content[]." + key}, report.Difference.Missing)
				require.Equal(t, []string{"content[].other"}, report.Difference.New)
				return nil
			}))
		})
	}
}
