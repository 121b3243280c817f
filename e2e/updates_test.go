package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// published gives the leaflets of a portal by the day on which they were published, as "product/expediente".
func (p *portalProcess) published() map[string][]string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/api/consulta/bulario?count=1000&page=1", http.NoBody)
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Guest")
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer response.Body.Close()
	var page struct {
		Content []struct {
			ID         int64  `json:"idProduto"`
			Expediente string `json:"expediente"`
			Data       string `json:"data"`
		} `json:"content"`
	}
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(&page))
	days := map[string][]string{}
	for _, row := range page.Content {
		day := row.Data[:len(time.DateOnly)]
		days[day] = append(days[day], fmt.Sprintf("%d/%s", row.ID, row.Expediente))
	}
	return days
}

// TestUpdatesOfARangeOfDays promises that each day of a range holds what the portal published on it, and no other day
// is asked for.
func TestUpdatesOfARangeOfDays(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "900")
	held := portal.published()
	for _, items := range held {
		slices.Sort(items)
	}
	s := startSite(t, portal, t.TempDir())
	const from, to, days = "2024-01-20", "2024-03-10", 51
	before := len(portal.log())
	s.materialize("anvisa/updates", "--partition", from+".."+to)

	asked := portal.log()[before:]
	want, empty := map[string][]string{}, 0
	for day := date(t, from); day.Format(time.DateOnly) <= to; day = day.AddDate(0, 0, 1) {
		key := day.Format(time.DateOnly)
		if want[key] = held[key]; len(held[key]) == 0 {
			empty++
		}
	}
	require.Len(t, want, days)
	require.Less(t, empty, days-3, "some days have leaflets")
	require.Equal(t, days+empty, count(asked, "list"), "one request a day, and one more for each without leaflets")
	require.Equal(t, want, s.updates())
	for _, a := range s.status().Assets {
		for _, p := range a.Partitions {
			if a.Asset == "anvisa/updates" {
				expected, of := want[p.Partition]
				require.Equal(t, of, p.State == "fresh", p.Partition)
				require.Equal(t, len(expected), p.Rows, p.Partition)
			}
		}
	}
	s.audited()

	before = len(portal.log())
	s.materialize("anvisa/updates", "--partition", from+".."+to)
	require.Empty(t, portal.log()[before:], "days that are over are not asked for again")
}

// updates gives the published items of each day that is there.
func (s *site) updates() map[string][]string {
	s.t.Helper()
	r := s.run("items", "anvisa/updates", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found struct {
		Items []struct {
			Partition, Item, State string
		} `json:"items"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	days := map[string][]string{}
	for _, p := range s.published("anvisa/updates") {
		days[p] = nil
	}
	for _, i := range found.Items {
		require.Equal(s.t, "published", i.State)
		days[i.Partition] = append(days[i.Partition], i.Item)
	}
	for _, items := range days {
		slices.Sort(items)
	}
	return days
}

// published names the partitions of an asset that have a version.
func (s *site) published(asset string) (found []string) {
	for _, a := range s.status().Assets {
		for _, p := range a.Partitions {
			if a.Asset == asset && p.Version != nil {
				found = append(found, p.Partition)
			}
		}
	}
	return found
}

func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return at
}

// TestOpenDataIsObserved promises that a look is kept, costs one request, and a second one no content; and that the
// catalog is compared with it.
func TestOpenDataIsObserved(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "300")
	s := startSite(t, portal, t.TempDir())
	for range 2 {
		s.materialize("anvisa/open_data")
		require.Equal(t, []string{"all"}, s.published("anvisa/open_data"))
	}
	var statuses []int
	for _, r := range portal.log() {
		if r.Kind == "open-data" {
			statuses = append(statuses, r.Status)
		}
	}
	require.Equal(t, []int{http.StatusOK, http.StatusNotModified}, statuses)
	s.materialize("anvisa/index", "anvisa/catalog")
	s.audited()
}
