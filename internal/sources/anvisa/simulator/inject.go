package simulator

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// dice is the seeded generator behind the random faults. It continues with each question, so a retry has another fate.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// newDice makes the generator of a portal that starts for the nth time, from 0: a later one decides again.
func newDice(seed, start uint64) *dice {
	if start == 0 {
		return &dice{rng: draw(seed, 'f')}
	}
	return &dice{rng: draw(seed, 'f', start)}
}

func (d *dice) roll(probability float64) bool {
	if probability <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < probability
}

func (d *dice) intN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// activeFaults are the faults of this moment.
func (p *Portal) activeFaults() Faults {
	p.otherFault.Lock()
	defer p.otherFault.Unlock()
	return p.faults
}

// faultOccurs decides whether a random fault happens, and notes it.
func (p *Portal) faultOccurs(rec *Request, name string) bool {
	if !p.dice.roll(p.activeFaults().value(name)) {
		return false
	}
	rec.Fault = name
	return true
}

// slowShare is how many requests the fault "slow" touches.
const slowShare = 0.1

// injectFault delays a request to the API, or answers it in the portal's stead.
func (p *Portal) injectFault(r *http.Request, rec *Request) (answer, bool) {
	if rec.Kind == KindPage || rec.Kind == KindAsset || rec.Kind == KindOpenData || rec.Kind == KindOther {
		return answer{}, false
	}
	pause(r.Context(), p.opt.Latency)
	faults := p.activeFaults()
	if faults.on(faultCookie) && !hasCookie(r, p.cookie()) {
		rec.Fault = faultCookie
		return challenge(http.StatusForbidden), true
	}
	if left := p.ban(rec); left > 0 && faults.on(faultBanRefuses) {
		return challenge(http.StatusForbidden), true
	} else if left > 0 {
		rec.RetryAfter = left
		return throttled(seconds(left)), true
	}
	switch {
	case p.faultOccurs(rec, faultThrottle):
		rec.RetryAfter = p.opt.RetryAfter
		return throttled(seconds(p.opt.RetryAfter)), true
	case p.faultOccurs(rec, faultThrottleDate):
		rec.RetryAfter = p.opt.RetryAfter.Truncate(time.Second) // a date has no fractions
		return throttled(p.now().Add(p.opt.RetryAfter).UTC().Format(http.TimeFormat)), true
	case p.faultOccurs(rec, faultChallenge403):
		return challenge(http.StatusForbidden), true
	case p.faultOccurs(rec, faultChallenge):
		return challenge(http.StatusOK), true
	case p.faultOccurs(rec, faultError):
		status := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}[p.dice.intN(4)]
		return htmlAnswer(status, "<html><head><title>"+http.StatusText(status)+"</title></head><body></body></html>"), true
	case faults.on(faultSlow) && p.dice.roll(slowShare):
		rec.Fault = faultSlow
		pause(r.Context(), faults.wait(faultSlow))
	}
	return answer{}, false
}

// ban counts a request against the pace of one a second, and says how long the client has to wait if it is banned.
func (p *Portal) ban(rec *Request) time.Duration {
	p.otherFault.Lock()
	defer p.otherFault.Unlock()
	if !p.faults.on(faultBan) {
		return 0
	}
	now := p.now()
	if p.bucket == nil || !p.banned.IsZero() && !now.Before(p.banned) {
		p.bucket, p.banned = rate.NewLimiter(1, int(p.faults.value(faultBan))), time.Time{}
	}
	if p.banned.IsZero() {
		if p.bucket.AllowN(now, 1) {
			return 0
		}
		p.banned = now.Add(p.opt.RetryAfter)
		p.memory.note(func(s *state) { s.Banned = p.banned })
	}
	rec.Fault = faultBan
	return p.banned.Sub(now)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func throttled(after string) answer {
	return htmlAnswer(http.StatusTooManyRequests, "<!DOCTYPE html><html><head><title>Access denied | consultas.anvisa.gov.br used Cloudflare to restrict access</title></head>"+
		"<body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>").with("Retry-After", after)
}

func challenge(status int) answer {
	return htmlAnswer(status, "<!DOCTYPE html><html lang=\"en-US\"><head><title>Attention Required! | Cloudflare</title></head>"+
		"<body><h1>Please enable cookies.</h1><h2>Sorry, you have been blocked</h2></body></html>")
}

// switchDuringListing turns the day once, in the middle of a crawl.
func (p *Portal) switchDuringListing(rec *Request) {
	p.otherFault.Lock()
	p.listed++
	due := p.faults.on(faultDaySwitch) && !p.turned && p.listed > int(p.faults.value(faultDaySwitch))
	p.turned = p.turned || due
	p.otherFault.Unlock()
	if due {
		rec.Fault = faultDaySwitch
		p.memory.note(func(s *state) { s.Turned = true })
		p.NextDay()
	}
}

// corruptListing cuts a page out of what was found, and gives the total with it; at times both are wrong.
func (p *Portal) corruptListing(rec *Request, page paging, found []*product, total int) ([]*product, int) {
	rows := of(page, found)
	if len(rows) == 0 {
		return rows, total
	}
	switch {
	case p.faultOccurs(rec, faultEmptyPage):
		return nil, total
	case p.faultOccurs(rec, faultLostPage):
		return p.losePage(page, rows, found), total
	case p.faultOccurs(rec, faultMovingTotal):
		return rows, total + 1 + p.dice.intN(3)
	}
	return rows, total
}

// losePage gives another page's rows, if there is one, or leaves out the end of this one.
func (p *Portal) losePage(page paging, rows, found []*product) []*product {
	pages := (len(found) + page.count - 1) / page.count
	if pages == 1 || p.dice.intN(2) == 0 {
		return rows[:p.dice.intN(len(rows))]
	}
	other := (page.page+p.dice.intN(pages-1))%pages + 1
	return of(paging{other, page.count}, found)
}

// deny says, once for each product it strikes, that a product with a history has none.
func (p *Portal) deny(rec *Request, x *product) bool {
	p.otherFault.Lock()
	defer p.otherFault.Unlock()
	const steps = 1 << 20
	struck := float64(mix(p.opt.Seed, 'n', uint64(x.ID))%steps) < p.faults.value(faultFalseAbsent)*steps
	if !struck || p.denied[x.ID] {
		return false
	}
	p.denied[x.ID] = true
	p.memory.note(func(s *state) { s.Denied = append(s.Denied, x.ID) })
	rec.Fault = faultFalseAbsent
	return true
}

// corruptAnswer corrupts a PDF on its way.
func (p *Portal) corruptAnswer(rec *Request, a answer) answer {
	switch {
	case p.faultOccurs(rec, faultTruncated):
		a.cut, a.unlabeled = true, p.dice.intN(2) == 0
		a.sent = len(a.body)/4 + p.dice.intN(len(a.body)/2)
	case p.faultOccurs(rec, faultWrong):
		a.body = []byte("<!DOCTYPE html><html><head><title>Consultas</title></head><body>Erro ao gerar o arquivo</body></html>")
		if p.dice.intN(2) == 0 {
			a.body = bytes.Repeat([]byte{0x00, 0xff, 0x13, 0x37}, 1024)
		}
	}
	return a
}

// renamed is how the API writes its keys with the fault "odd-json".
var renamed = strings.NewReplacer(`"idProduto"`, `"codigoProduto"`, `"idDocumento"`, `"codigoDocumento"`,
	`"idBulaPaciente`, `"tokenBulaPaciente`, `"idBulaProfissional`, `"tokenBulaProfissional`)

// rename gives a JSON answer its new keys while the fault lasts.
func (p *Portal) rename(rec *Request, a answer) answer {
	if p.activeFaults().on(faultOddJSON) && a.status == http.StatusOK {
		rec.Fault = faultOddJSON
		a.body = []byte(renamed.Replace(string(a.body)))
	}
	return a
}

// redesign gives the page's own files their new look while the fault lasts.
func (p *Portal) redesign(a answer) answer {
	if p.activeFaults().on(faultOddPage) && a.status == http.StatusOK {
		a.body = []byte(strings.NewReplacer("ng-table", "data-grid", `headings: ["Medicamento",`, `headings: ["Medicamento", "Forma",`).Replace(string(a.body)))
	}
	return a
}

// staleHeader tells our page how many milliseconds to keep old rows. The real portal has no such header, and this one only with the fault.
const staleHeader = "X-Portal-Stale"

func (p *Portal) stale(a answer) answer {
	wait := p.activeFaults().wait(faultStale)
	if wait == 0 {
		return a
	}
	return a.with(staleHeader, strconv.FormatInt(wait.Milliseconds(), 10))
}
