package simulator_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

func TestState(t *testing.T) {
	t.Parallel()
	t.Run("survives a kill", stateSurvivesKill)
	t.Run("keeps the changes of a day", stateKeepsChangesOfDay)
	t.Run("belongs to one portal", stateBelongsToOnePortal)
}

// stateSurvivesKill opens a portal's folder again without a word of farewell: the same day, products, ban and log.
func stateSurvivesKill(t *testing.T) {
	t.Parallel()
	now := day0()
	options := simulator.Options{
		Products: 60, State: t.TempDir(), RetryAfter: time.Minute, Clock: func() time.Time { return now },
		Faults: faults(t, "ban=3,false-negative=1"),
	}
	first := open(t, options)
	product := first.all().Content[0].IDProduto
	history := fmt.Sprintf("/api/consulta/bulario/%d?count=10&page=1", product)
	require.Contains(t, string(first.get(history).body), `"content":[]`)
	first.post("/_day?leaflets=20&products=0")
	first.post("/_day")
	for range 5 {
		first.get(listPath)
	}
	require.Equal(t, "ban", first.faultOf())
	require.Equal(t, time.Minute, first.portal.Requests()[len(first.portal.Requests())-1].RetryAfter)

	now = now.Add(30 * time.Second)
	second := open(t, options)
	require.Equal(t, first.portal.Inventory(), second.portal.Inventory())
	require.Equal(t, first.portal.Requests(), second.portal.Requests())
	answer := second.get(listPath)
	require.Equal(t, http.StatusTooManyRequests, answer.status, "a ban outlives the process that began it")
	require.Equal(t, "30", answer.header.Get("Retry-After"))

	now = now.Add(time.Minute)
	require.NotContains(t, string(second.get(history).body), `"content":[]`, "a false negative is given once")
	logged, err := simulator.ReadRequests(filepath.Join(options.State, "requests.jsonl"))
	require.NoError(t, err)
	require.Equal(t, second.portal.Requests(), logged)
}

func stateKeepsChangesOfDay(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 60})
	before := c.all()
	c.post("/_day?leaflets=0&products=0")
	quiet := c.all()
	require.NotEqual(t, before.Content[0].Updated, quiet.Content[0].Updated)
	require.Zero(t, renewed(before, quiet))
	require.ElementsMatch(t, before.ids(), quiet.ids())
	c.post("/_day?leaflets=30&products=0")
	busy := c.all()
	require.Greater(t, renewed(quiet, busy), 15, "some are drawn twice")
	require.ElementsMatch(t, before.ids(), busy.ids())
	require.Equal(t, http.StatusBadRequest, c.post("/_day?leaflets=many"))
}

func stateBelongsToOnePortal(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	open(t, simulator.Options{Products: 60, State: state})
	_, err := simulator.New(simulator.Options{Products: 61, State: state})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "name another folder")
	_, err = simulator.New(simulator.Options{Products: 60, Cases: true, State: state})
	require.ErrorContains(t, err, "cases: true")
	require.NoError(t, os.WriteFile(filepath.Join(state, "state.json"), []byte("{"), 0o600))
	_, err = simulator.New(simulator.Options{Products: 60, State: state})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = simulator.New(simulator.Options{State: state, Listing: "x.csv"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func (c *client) post(path string) int {
	c.t.Helper()
	r, err := c.http.Post(c.url+path, "", nil)
	require.NoError(c.t, err)
	require.NoError(c.t, r.Body.Close())
	return r.StatusCode
}
