package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/document"
	"drugslm/internal/engine/forecast"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/quality"
	"drugslm/internal/sources"
	"drugslm/internal/telemetry"
)

// toy is a second source: an HTTP API with a list of medicines and a PDF for each.
type toy struct{ url string }

func (toy) Name() string { return "toy" }

func (t toy) Hosts() []string {
	u, _ := url.Parse(t.url)
	return []string{u.Host}
}

func (toy) Documents() []document.Collection {
	return []document.Collection{{
		Source: "toy", Documents: "toy/text", Products: "toy/products", Prefix: "toy:", License: "CC0-1.0", Origin: "the toy agency",
	}}
}

// medicine is a row of the list, file one of a stored PDF, and text one of what was read of it.
type (
	medicine struct {
		ID   int64  `parquet:"id" json:"id"`
		Name string `parquet:"name" json:"name"`
		asset.Provenance
	}
	file struct {
		ID     string `parquet:"id"`
		SHA256 string `parquet:"sha256"`
		asset.Provenance
	}
	text struct{ document.Row }
)

func (m medicine) ItemID() string            { return strconv.FormatInt(m.ID, 10) }
func (m medicine) Product() document.Product { return document.Product{ID: m.ID, Name: m.Name} }
func (f file) ItemID() string                { return f.ID }
func (f file) FileSHA256() string            { return f.SHA256 }

// Assets lists the medicines, fetches their leaflets and reads them.
func (t toy) Assets(with sources.Tools) ([]*asset.Asset, error) {
	return []*asset.Asset{
		asset.New(asset.Spec[medicine]{
			Key: "toy/products", Partitions: asset.Single(), Location: "raw/toy/products", CodeVersion: "1", Queue: asset.QueueHTTP,
			Cost: func(context.Context, asset.Run, asset.Work) (asset.Cost, error) {
				return asset.Cost{Host: t.Hosts()[0], Requests: 1}, nil
			},
			List: func(ctx context.Context, run asset.Run, emit func(asset.Item, medicine) error) (asset.Listing, error) {
				body, err := t.get(ctx, with, "/list")
				var listed []medicine
				if err == nil {
					err = json.Unmarshal(body, &listed)
				}
				for _, m := range listed {
					m.Provenance = run.Provenance(run.Now(), t.url+"/list")
					if err == nil {
						err = emit(asset.Item{ID: m.ItemID(), Label: m.Name, Fingerprint: m.Name}, m)
					}
				}
				return asset.Listing{Total: len(listed)}, err
			},
		}),
		made("toy/files", "toy/products", asset.QueueHTTP, func(ctx context.Context, run asset.Run, item asset.Item) (file, error) {
			body, err := t.get(ctx, with, "/leaflets/"+item.ID)
			if err != nil {
				return file{}, err
			}
			sum, _, err := with.Leaflets.Put(ctx, body)
			return file{item.ID, sum, run.Provenance(run.Now(), t.url+"/leaflets/"+item.ID)}, err
		}, func(m medicine) asset.Item {
			return asset.Item{ID: document.ItemID(m.ID, document.Patient), Label: m.Name, From: m.ItemID(), Fingerprint: m.Name}
		}),
		made("toy/text", "toy/files", asset.QueueExtract, func(ctx context.Context, run asset.Run, item asset.Item) (text, error) {
			content, err := with.Leaflets.Get(ctx, item.Fingerprint)
			if err != nil {
				return text{}, err
			}
			row, err := with.Text.Read(ctx, content, "try again")
			number, audience, _ := strings.Cut(item.ID, "/")
			row.IDProduto, _ = strconv.ParseInt(number, 10, 64)
			row.Audience, row.SHA256, row.Provenance = audience, item.Fingerprint, run.Provenance(run.Now(), t.url)
			return text{row}, err
		}, func(f file) asset.Item { return asset.Item{ID: f.ID, From: f.ID, Fingerprint: f.SHA256} }),
	}, nil
}

// made is an asset that makes an item of each row of another.
func made[T, U asset.Row](key, from asset.Key, queue asset.Queue, one func(context.Context, asset.Run, asset.Item) (T, error), item func(U) asset.Item) *asset.Asset {
	return asset.New(asset.Spec[T]{
		Key: key, Deps: asset.On(from), Partitions: asset.Single(), Location: "interim/" + string(key), CodeVersion: "1", Queue: queue,
		Items: func(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
			for row, err := range asset.Input[U](ctx, run, from) {
				if err != nil {
					return err
				}
				if err := emit(item(row)); err != nil {
					return err
				}
			}
			return nil
		},
		Make: func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[T]) error {
			for _, item := range batch {
				row, err := one(ctx, run, item)
				if err := report(item.ID, row, err); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// get asks the API within its budget.
func (t toy) get(ctx context.Context, with sources.Tools, path string) ([]byte, error) {
	pace, err := with.Pace(t.Hosts()[0])
	if err != nil {
		return nil, err
	}
	if err := pace.Take(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	body, err := fetch(ctx, t.url+path)
	if noted := pace.Report(ctx, err, time.Since(start)); noted != nil {
		return nil, noted
	}
	return body, err
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// agency is the toy's API.
func agency(t *testing.T, asked *[]string) toy {
	leaflets := http.NewServeMux()
	leaflets.HandleFunc("GET /list", func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		fmt.Fprint(w, `[{"id": 1, "name": "Losartana potássica"}, {"id": 2, "name": "Enalapril"}]`)
	})
	leaflets.HandleFunc("GET /leaflets/{product}/{audience}", func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		pages := texts()
		pages[0] = "BULA " + r.PathValue("product") + "\n" + pages[0]
		_, _ = w.Write(printed(t, pages, nil))
	})
	server := httptest.NewServer(leaflets)
	t.Cleanup(server.Close)
	return toy{server.URL}
}

func TestSources(t *testing.T) {
	t.Parallel()
	t.Run("run side by side", sourcesRunSideBySide)
	t.Run("have distinct names and prefixes", sourcesHaveDistinctNamesAndPrefixes)
	t.Run("need their queues", sourcesNeedTheirQueues)
}

// sourcesRunSideBySide adds a source to the one there is, by its value alone, and takes it from its list to the corpus.
func sourcesRunSideBySide(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := config.Default()
	c.Data, c.Budget.RPS, c.Worker.Queues = t.TempDir(), 0, []string{"http", "extract"}
	var asked []string
	second := agency(t, &asked)
	all := append(host.Sources(c), second)
	d, err := host.OpenDataOf(ctx, c, all...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	require.Len(t, d.Documents, 2)
	require.Equal(t, []host.Asked{{Host: "consultas.anvisa.gov.br", RPS: 1}, {Host: second.Hosts()[0]}}, host.HostsOf(c, all...), "no limit is for this machine")

	tracer, err := telemetry.Start(ctx, telemetry.Options{Env: func(string) string { return "" }})
	require.NoError(t, err)
	graph, err := host.GraphOf(d, c, tracer, reader(t), all...)
	require.NoError(t, err)
	acts := &activities.Activities{Engine: &materialize.Engine{Graph: graph, Ledger: d.Ledger, Lake: d.Lake, Tracer: noop.NewTracerProvider().Tracer(""), Now: d.Now}}
	state, err := planning.LoadState(ctx, d.Graph, d.Ledger)
	require.NoError(t, err)
	selected, err := planning.Select(ctx, d.Graph, d.Ledger, "toy/*")
	require.NoError(t, err)
	plan, err := d.Graph.View(state).Plan(selected, asset.Request{})
	require.NoError(t, err)
	require.Len(t, plan.Steps, 3)
	first, pace, err := d.PaceOf(ctx, c, all...)
	require.NoError(t, err)
	require.Equal(t, "consultas.anvisa.gov.br", first)
	forecast, err := forecast.Estimate(ctx, acts.Engine, d.Graph.View(state), plan, selected, materialize.StepInput{Mode: planning.ModeOf(asset.Needed)}, pace)
	require.NoError(t, err)
	require.EqualValues(t, 1, forecast.Total.Requests)
	require.Equal(t, second.Hosts()[0], forecast.Steps[0].Host)
	require.Zero(t, forecast.Total.Minutes, "its host has no limit, whatever the pace of the other is")
	for _, step := range plan.Steps {
		require.NotEqual(t, asset.QueueBrowser, step.Queue)
		require.True(t, host.Serves(c, step.Queue))
		require.EqualValues(t, 2, bring(t, acts, step).Rows, "%s", step.Name())
	}
	require.Equal(t, []string{"/list", "/leaflets/1/patient", "/leaflets/2/patient"}, asked)

	collection := d.Documents[1]
	collector := quality.NewCollector(10, nil, nil)
	for row := range rowsOf[document.HasDocument](t, d, collection.Documents) {
		require.Equal(t, "leaflet", row.Document().Kind, row.Document().Reason)
		product := document.Product{ID: row.Document().IDProduto, Name: "Losartana potássica"}
		collector.Add(asset.SinglePartition, row.Document(), &product)
	}
	report := collector.Report()
	require.Equal(t, 2, report.Total.Documents)
	require.InDelta(t, 1, *report.Total.CompleteShare, 0)

	// What is made of the documents of all sources needs those of the first as well: here there are none.
	made := corpus.Leaflets(collection)
	alone, err := asset.NewGraph(append(only(graph, "toy/"), made)...)
	require.NoError(t, err)
	acts.Engine.Graph = alone
	state, err = planning.LoadState(ctx, alone, d.Ledger)
	require.NoError(t, err)
	plan, err = alone.View(state).Plan([]*asset.Asset{made}, asset.Request{})
	require.NoError(t, err)
	require.Len(t, plan.Steps, 1)
	taken := bring(t, acts, plan.Steps[0])
	require.EqualValues(t, 2, taken.Rows)
	for row := range rowsOf[corpus.Row](t, d, made.Key) {
		require.Equal(t, []any{"toy:", "CC0-1.0", "the toy agency", "pt", ""}, []any{row.ID[:4], row.License, row.Origin, row.Language, row.Excluded})
	}
}

// renamed is a source under another name, and rebranded one whose documents have another prefix.
type (
	renamed struct {
		toy
		name string
	}
	rebranded struct {
		toy
		prefix string
	}
)

func (r renamed) Name() string { return r.name }

func (r rebranded) Documents() []document.Collection {
	found := r.toy.Documents()
	found[0].Prefix = r.prefix
	return found
}

// sourcesHaveDistinctNamesAndPrefixes refuses sources whose files or documents would get mixed up.
func sourcesHaveDistinctNamesAndPrefixes(t *testing.T) {
	t.Parallel()
	second := toy{"http://127.0.0.1:9"}
	for says, added := range map[string][]sources.Source{
		"two sources are called toy":                                          {second, second},
		"asset toy/products is of source toys: its key must begin with toys/": {renamed{second, "toys"}},
		`have the same prefix, ""`:                                            {rebranded{second, ""}},
	} {
		c := config.Default()
		c.Data = t.TempDir()
		_, err := host.OpenDataOf(t.Context(), c, append(host.Sources(c), added...)...)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, says)
	}
}

// only are the assets of a graph whose keys begin so.
func only(g *asset.Graph, prefix string) (found []*asset.Asset) {
	for _, a := range g.All() {
		if strings.HasPrefix(string(a.Key), prefix) {
			found = append(found, a)
		}
	}
	return found
}

// bring brings a partition up to date, as a worker does.
func bring(t *testing.T, acts *activities.Activities, step asset.Step) activities.PartitionOutput {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(acts.MaterializePartition)
	value, err := env.ExecuteActivity(acts.MaterializePartition, activities.PartitionInput{StepInput: materialize.StepInput{Run: "run-" + string(step.Asset), Step: step}})
	require.NoError(t, err, "%s", step.Name())
	var done activities.PartitionOutput
	require.NoError(t, value.Get(&done))
	require.False(t, done.Left)
	return done
}

// rowsOf are the published rows of an asset.
func rowsOf[T any](t *testing.T, d *host.Data, key asset.Key) func(yield func(T) bool) {
	t.Helper()
	made, err := d.Graph.Get(key)
	require.NoError(t, err)
	snapshot, err := d.Table(made).Snapshot(t.Context())
	require.NoError(t, err)
	return func(yield func(T) bool) {
		for _, file := range snapshot.Files(asset.SinglePartition) {
			for row, err := range d.Table(made).Rows(t.Context(), file) {
				require.NoError(t, err)
				if !yield(row.(T)) {
					return
				}
			}
		}
	}
}

// sourcesNeedTheirQueues holds a worker that was told to serve browsers to what it served before there was a queue without them.
func sourcesNeedTheirQueues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		queues  string
		http    bool
		browser bool
	}{
		{"orchestrate,browser,http,extract", true, true}, {"browser", true, true}, {"http", true, false}, {"orchestrate,extract", false, false},
	} {
		c := config.Default()
		c.Worker.Queues = strings.Split(tt.queues, ",")
		require.Equal(t, tt.http, host.Serves(c, asset.QueueHTTP), tt.queues)
		require.Equal(t, tt.browser, host.Serves(c, asset.QueueBrowser), tt.queues)
	}
}
