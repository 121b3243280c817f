package simulator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// unit says what the value after a fault's "=" is.
type unit string

const (
	share    unit = "rate"     // a probability for each request, 0 to 1
	number   unit = "count"    // a whole number from 1
	duration unit = "duration" // as Go writes it: 400ms
	flag     unit = "flag"     // no value
)

// The faults' names.
const (
	faultThrottle     = "throttle"
	faultThrottleDate = "throttle-date"
	faultBan          = "ban"
	faultBanRefuses   = "ban-403"
	faultError        = "error"
	faultChallenge    = "challenge"
	faultChallenge403 = "challenge-403"
	faultCookie       = "require-cookie"
	faultSlow         = "slow"
	faultEmptyPage    = "empty-page"
	faultLostPage     = "lost-page"
	faultMovingTotal  = "moving-total"
	faultDaySwitch    = "day-switch"
	faultFalseAbsent  = "false-negative"
	faultTruncated    = "truncated-pdf"
	faultWrong        = "wrong-pdf"
	faultStale        = "stale-table"
	faultOddOpenData  = "odd-open-data"
	faultOddJSON      = "odd-json"
	faultOddPage      = "odd-page"

	allFaults = "all"
)

// FaultHelp describes one fault for a user.
type FaultHelp struct {
	Name    string // as [ParseFaults] knows it
	Value   string // what may follow "=": rate, count, duration, or "" for nothing
	Default string // the value without "="
	Help    string // one line
}

// faultType is an entry of the catalogue of faults. Values are rates, counts, or nanoseconds.
type faultType struct {
	name  string
	unit  unit
	value float64 // when it is switched on by its name
	mild  float64 // when it is switched on by "all": low enough that a client that retries properly gets through
	help  string
}

func faultTypes() []faultType {
	const ms = float64(time.Millisecond)
	return []faultType{
		{faultThrottle, share, 0.05, 0.005, "429 with Retry-After in seconds"},
		{faultThrottleDate, share, 0.05, 0.005, "429 with Retry-After as an HTTP date"},
		{faultBan, number, 25, 25, "429 for the whole Retry-After once more than this many API and PDF requests outrun one a second"},
		{faultBanRefuses, flag, 1, 0, "a ban answers with the 403 challenge instead"},
		{faultError, share, 0.1, 0.03, "500, 502, 503 or 504"},
		{faultChallenge, share, 0.05, 0.01, "an HTML challenge page with status 200 instead of JSON or PDF"},
		{faultChallenge403, share, 0.05, 0.005, "an HTML challenge page with status 403"},
		{faultCookie, flag, 1, 1, "API and PDF requests without the cookie that the page sets get the 403 challenge"},
		{faultSlow, duration, 2000 * ms, 500 * ms, "one request in ten is answered only after this long"},
		{faultEmptyPage, share, 0.1, 0.02, "a listing page without rows, though its total is not 0"},
		{faultLostPage, share, 0.1, 0.03, "a listing page with another page's rows, or with some left out, under the same total"},
		{faultMovingTotal, share, 0.1, 0.02, "a listing page whose total is a little off"},
		{faultDaySwitch, number, 5, 8, "the day turns once, after this many listing requests"},
		{faultFalseAbsent, share, 0.2, 0.05, "the history of this share of products is empty the first time it is asked for"},
		{faultTruncated, share, 0.1, 0.03, "a PDF cut short, half of them with no Content-Length to tell"},
		{faultWrong, share, 0.1, 0.02, "HTML or noise sent as a PDF"},
		{faultStale, duration, 400 * ms, 300 * ms, "the page's table shows the old rows this long after its pager has changed"},
		{faultOddOpenData, share, 0.02, 0.005, "rows of the open data that are as in old files: half with other words for the status, half broken"},
		{faultOddJSON, flag, 1, 0, "the API calls idProduto, idBulaPaciente and others by new names, as after a new version of the portal"},
		{faultOddPage, flag, 1, 0, "the page's tables have other classes and one column more, as after a new version of the portal"},
	}
}

// FaultNames lists the faults that [ParseFaults] knows, "all" last.
func FaultNames() []FaultHelp {
	var list []FaultHelp
	for _, m := range faultTypes() {
		h := FaultHelp{Name: m.name, Help: m.help}
		if m.unit != flag {
			h.Value, h.Default = string(m.unit), m.write(m.value)
		}
		list = append(list, h)
	}
	return append(list, FaultHelp{Name: allFaults, Help: "all of them but ban-403 and the odd forms, the random ones at low rates; what follows it overrides"})
}

// Faults say what goes wrong, and how often. The zero value is: nothing. Values are never changed, and may be shared.
type Faults struct{ values map[string]float64 }

func (f Faults) on(name string) bool            { return f.values[name] > 0 }
func (f Faults) value(name string) float64      { return f.values[name] }
func (f Faults) wait(name string) time.Duration { return time.Duration(f.values[name]) }

// String writes the faults so that ParseFaults reads them again: "ban=25,lost-page=0.05".
func (f Faults) String() string {
	var parts []string
	for _, m := range faultTypes() {
		if value, ok := f.values[m.name]; ok && m.unit == flag {
			parts = append(parts, m.name)
		} else if ok {
			parts = append(parts, m.name+"="+m.write(value))
		}
	}
	return strings.Join(parts, ",")
}

// ParseFaults reads a list as "lost-page=0.05,ban,slow=2s". A name without a value gets its default; "all" switches everything on,
// the need for the page's cookie too. What is wrong with it is [fault.Invalid], every mistake at once.
func ParseFaults(spec string) (Faults, error) {
	known := faultTypes()
	values := map[string]float64{}
	var wrong []error
	for part := range strings.SplitSeq(spec, ",") {
		name, text, given := strings.Cut(strings.TrimSpace(part), "=")
		switch at := slices.IndexFunc(known, func(m faultType) bool { return m.name == name }); {
		case name == "" && !given:
		case name == allFaults && !given:
			for _, m := range known {
				if m.mild > 0 {
					values[m.name] = m.mild
				}
			}
		case at < 0:
			wrong = append(wrong, fmt.Errorf("unknown fault %q; known: %s", name, knownNames()))
		case !given:
			values[name] = known[at].value
		default:
			value, err := known[at].read(text)
			if err != nil {
				wrong = append(wrong, err)
			}
			values[name] = value
		}
	}
	if len(wrong) > 0 {
		return Faults{}, fault.Wrap(fault.Invalid, "faults", errors.Join(wrong...))
	}
	maps.DeleteFunc(values, func(_ string, v float64) bool { return v == 0 })
	return Faults{values}, nil
}

func knownNames() string {
	var names []string
	for _, h := range FaultNames() {
		names = append(names, h.Name)
	}
	return strings.Join(names, ", ")
}

// longestDelay bounds the delays that may be asked for.
const longestDelay = 10 * time.Minute

func (m faultType) read(text string) (float64, error) {
	switch m.unit {
	case share:
		if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0 && v <= 1 {
			return v, nil
		}
		return 0, fmt.Errorf("%s=%s: want a rate from 0 to 1", m.name, text)
	case number:
		if v, err := strconv.Atoi(text); err == nil && v >= 1 && v <= 1_000_000 {
			return float64(v), nil
		}
		return 0, fmt.Errorf("%s=%s: want a whole number from 1", m.name, text)
	case duration:
		if v, err := time.ParseDuration(text); err == nil && v > 0 && v <= longestDelay {
			return float64(v), nil
		}
		return 0, fmt.Errorf("%s=%s: want a duration up to %s, as 400ms", m.name, text, longestDelay)
	default:
		return 0, fmt.Errorf("%s=%s: takes no value", m.name, text)
	}
}

func (m faultType) write(value float64) string {
	if m.unit == duration {
		return time.Duration(value).String()
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}
