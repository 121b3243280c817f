package simulator_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tebeka/selenium"
	"github.com/tebeka/selenium/chrome"

	"drugslm/internal/sources/anvisa/simulator"
)

const patience = 10 * time.Second

// browser is a real one, looking at a portal.
type browser struct {
	*client
	driver    selenium.WebDriver
	downloads string
}

func look(t *testing.T, o simulator.Options) *browser {
	t.Helper()
	if os.Getenv("DRUGSLM_E2E") != "1" {
		t.Skip("needs a browser: set DRUGSLM_E2E=1, or run make test")
	}
	path, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("chromedriver is not installed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	require.NoError(t, listener.Close())
	service, err := selenium.NewChromeDriverService(path, port)
	require.NoError(t, err)
	t.Cleanup(func() { _ = service.Stop() })

	b := &browser{client: open(t, o), downloads: t.TempDir()}
	capabilities := selenium.Capabilities{"browserName": "chrome"}
	capabilities.AddChrome(chrome.Capabilities{W3C: true, Args: []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"},
		Prefs: map[string]any{"download.default_directory": b.downloads}})
	b.driver, err = selenium.NewRemote(capabilities, fmt.Sprintf("http://127.0.0.1:%d/wd/hub", port))
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.driver.Quit() })
	return b
}

// visit opens a hash route afresh, so that nothing of the last one is left.
func (b *browser) visit(route string) {
	b.t.Helper()
	require.NoError(b.t, b.driver.Get("about:blank"))
	require.NoError(b.t, b.driver.Get(b.url+"/"+route))
}

// until waits for a JavaScript condition.
func (b *browser) until(condition string) {
	b.t.Helper()
	err := b.driver.WaitWithTimeoutAndInterval(func(d selenium.WebDriver) (bool, error) {
		value, err := d.ExecuteScript("return Boolean("+condition+")", nil)
		return value == true, err
	}, patience, 20*time.Millisecond)
	require.NoError(b.t, err, condition)
}

func (b *browser) eval(script string) any {
	b.t.Helper()
	value, err := b.driver.ExecuteScript(script, nil)
	require.NoError(b.t, err)
	return value
}

func (b *browser) click(xpath string) {
	b.t.Helper()
	element, err := b.driver.FindElement(selenium.ByXPATH, xpath)
	require.NoError(b.t, err, xpath)
	require.NoError(b.t, element.Click())
}

// The rows of data, after the three that hold none, as a script gives them.
const (
	rowsReady = `document.querySelectorAll("#containerTable tr").length > 3 && !document.querySelector(".dw-loading-active")`
	rowIDs    = `return [...document.querySelectorAll("#containerTable tr")].slice(3).map(tr => Number(tr.cells[1].querySelector("a").hash.match(/medicamentos\/(\d+)/)[1]))`
	pager     = `return [...document.querySelectorAll("ul.pagination li")].map(li => li.firstChild.getAttribute("ng-switch-when") + li.textContent + (li.classList.contains("active") ? "*" : ""))`
)

func TestTableAndPager(t *testing.T) {
	t.Parallel()
	b := look(t, simulator.Options{Products: 600})
	want := b.list("count=1000&filter[categoriasRegulatorias]=5")
	b.visit("#/bulario/q/?categoriasRegulatorias=5")
	b.until(rowsReady)
	require.Equal(t, ids(want.ids()[:10]), b.eval(rowIDs), "the page shows the API's order")
	require.Equal(t, []any{"prev«", "first1*", "page2", "page3", "page4", "page5", "page6", "page7", "more…", "last24", "next»"}, b.eval(pager))
	require.Equal(t, []any{"10*", "25", "50"}, b.eval(`return [...document.querySelectorAll("div.ng-table-counts button")].map(e => e.textContent + (e.classList.contains("active") ? "*" : ""))`))
	row := b.portal.Inventory().Products
	for _, p := range row {
		if p.ID == want.Content[0].IDProduto {
			require.Equal(t, []any{"", p.Name, p.Company + " - " + p.CNPJ, p.Expediente, p.Published.Format("02/01/2006"), "", "", ""},
				b.eval(`return [...document.querySelectorAll("#containerTable tr")[3].cells].map(td => td.textContent)`))
		}
	}

	b.click(`//a[@ng-switch-when='last']`)
	b.until(`document.querySelector("li.active").textContent === "24" && ` + rowsReady)
	require.Equal(t, ids(want.ids()[230:]), b.eval(rowIDs))
	b.click(`//div[contains(@class,'ng-table-counts')]/button[3]`)
	b.until(`document.querySelector("li.active").textContent === "1" && ` + rowsReady)
	require.Equal(t, ids(want.ids()[:50]), b.eval(rowIDs), "another size goes back to page 1")
}

func ids(list []int) []any {
	var out []any
	for _, id := range list {
		out = append(out, float64(id))
	}
	return out
}

func TestSmallAndEmptyResults(t *testing.T) {
	t.Parallel()
	b := look(t, simulator.Options{Products: 150})
	b.visit("#/bulario/q/?categoriasRegulatorias=9")
	b.until(rowsReady)
	require.EqualValues(t, 0, b.eval(`return document.querySelectorAll(".ng-table-counts, ul.pagination li").length`))

	for route, toast := range map[string]string{"#/bulario/q/?categoriasRegulatorias=11": ".toast-warning", "#/bulario/q/?": ".toast-error"} {
		b.visit(route)
		b.until(`document.querySelector("` + toast + `") && location.hash === "#/bulario/" && document.querySelector("#txtNumeroRegistro")`)
	}
	b.portal.SetFaults(faults(t, "error=1"))
	b.visit("#/bulario/q/?categoriasRegulatorias=5")
	require.Eventually(t, func() bool { return b.portal.Report().Faults["error"] > 0 }, patience, 20*time.Millisecond)
	b.until(`document.querySelector("#containerTable") && !document.querySelector(".dw-loading-active")`)
	require.EqualValues(t, 3, b.eval(`return document.querySelectorAll("#containerTable tr").length`), "after an error the table stays empty")
}

func TestFormAndDownload(t *testing.T) {
	t.Parallel()
	b := look(t, simulator.Options{Products: 150, Faults: faults(t, "require-cookie")})
	b.visit("#/bulario/")
	b.until(`document.querySelector("#txtNumeroRegistro") && document.querySelectorAll(".anvs-multiselect li").length === 12`)
	b.click(`//*[@id="-container"]/button`)
	b.click(`//a[text()='Dinamizado']`)
	b.click(`/html/body/div[3]/div[1]/form/div/div[3]/input[1]`)
	b.until(`location.hash.endsWith("?categoriasRegulatorias=2") && ` + rowsReady)

	b.click(`//a[@ng-if='produto.idBulaProfissionalProtegido']`)
	require.Eventually(t, func() bool {
		files, err := filepath.Glob(filepath.Join(b.downloads, "bula_*.pdf"))
		return err == nil && len(files) == 1
	}, patience, 20*time.Millisecond)
	b.click(`//a[@ng-click='detail(produto)']`)
	b.until(`location.hash.startsWith("#/bulario/detalhe/") && document.querySelector("table.table-bordered").textContent.includes("Bula Atual do Profissional") && ` + rowsReady)
}

func TestStaleTable(t *testing.T) {
	t.Parallel()
	b := look(t, simulator.Options{Products: 150, Faults: faults(t, "stale-table=3s")})
	b.visit("#/bulario/q/?categoriasRegulatorias=5")
	b.until(rowsReady)
	before := b.eval(rowIDs)
	b.click(`//a[@ng-switch-when='page'][. = '2']`)
	b.until(`document.querySelector("li.active").textContent === "2" && ` + rowsReady)
	require.Equal(t, before, b.eval(rowIDs), "the pager has changed, the rows have not")
	b.until(`!document.querySelector("#containerTable a[href^='#/medicamentos/` + fmt.Sprintf("%.0f", before.([]any)[0]) + `?']")`)
}

func TestPagerWindow(t *testing.T) {
	t.Parallel()
	b := look(t, simulator.Options{Products: 10})
	b.visit("")
	tests := []struct {
		current, total, count int
		want                  string
	}{
		{1, 10, 10, ""},
		{1, 20, 10, "prev first1* last2 next"},
		{4, 90, 10, "prev first1 page2 page3 page4* page5 page6 page7 page8 last9 next"},
		{10, 200, 10, "prev first1 more page8 page9 page10* page11 page12 more last20 next"},
		{20, 200, 10, "prev first1 more page14 page15 page16 page17 page18 page19 last20* next"},
		{2, 3384, 50, "prev first1 page2* page3 page4 page5 page6 page7 more last68 next"},
	}
	for _, tt := range tests {
		got, err := b.driver.ExecuteScriptAsync(`const [current, total, count, done] = arguments;
			import("/assets/table.js").then(m => done(m.pages(current, total, count).map(p =>
				p.type + (["first", "page", "last"].includes(p.type) ? p.number : "") + (p.current ? "*" : "")).join(" ")))`,
			[]any{tt.current, tt.total, tt.count})
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
	}
}
