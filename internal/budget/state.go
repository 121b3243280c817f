package budget

import (
	"fmt"
	"time"
)

// MinPace is the lowest pace of a host: one sixty-fourth of its configured rate, which is one request a minute at a rate
// of one a second.
const MinPace = 1.0 / 64

// MaxBlock is the longest block that a source can set at once, even if its header asks for more. MaxOpen is the longest
// block that a person can set.
const (
	MaxBlock = 24 * time.Hour
	MaxOpen  = 30 * 24 * time.Hour
)

const (
	slowTimes     = 0.75             // of the pace is left after a slow answer, or after several failures
	successPlus   = 0.05             // of the full pace comes back with a good answer
	maxStrain     = 3                // failures, less a quarter for each good answer, that slow the pace
	strainDecay   = 0.25             // is taken off by a good answer
	circuitGrowth = 12               // the longest open circuit, in first ones; unless the source itself asks for more
	probeLease    = 2 * time.Minute  // a probe that was not heard of for so long is lost with its worker
	probePause    = 30 * time.Second // between probes that tell nothing, as a browser that died
	probeLook     = 10 * time.Second // how often those look who wait for a probe
	clockSlack    = time.Second      // a difference of clocks that is not worth a word
	anyPatience   = time.Hour        // of any process that may have taken a place in the queue
)

// State is what the store records of one host.
type State struct {
	Host         string
	NextAt       time.Time     // the next free place in the queue
	SentAt       time.Time     // when the last request was let go
	Interval     time.Duration // last asked for, at full pace
	Rate         float64       // requests a second that override the configuration; 0: they do not
	Pace         float64       // share of the rate in force, MinPace to 1
	Strain       float64       // failures lately, less what good answers made up for
	BlockedUntil time.Time     // zero: never blocked
	Refused      bool          // the circuit is open, or half open when the block is over: one request has to probe
	Refusals     int           // in a row, without a success between
	Probe        string        // who probes, while ProbeUntil lasts
	ProbeUntil   time.Time
	Reason       string // of the last block
	Note         string // of the person who opened or closed the circuit; "": a block by the source
	Bounded      string // what was wrong with the recorded times, when they were last bounded
	BoundedAt    time.Time
	Updated      time.Time
}

// Circuit names for what State.Circuit gives.
const (
	CircuitClosed   = "closed"    // requests are sent
	CircuitBlocked  = "throttled" // the source asked for a pause
	CircuitOpen     = "open"      // the source refused us, or a person opened it
	CircuitHalfOpen = "half-open" // one request finds out whether it still refuses us
)

// Circuit returns whether the host may be asked.
func (s State) Circuit(now time.Time) string {
	switch blocked := s.BlockedUntil.After(now); {
	case blocked && s.Refused:
		return CircuitOpen
	case blocked:
		return CircuitBlocked
	case s.Refused:
		return CircuitHalfOpen
	default:
		return CircuitClosed
	}
}

// Ask is one request for a turn.
type Ask struct {
	Interval time.Duration // between requests at full pace, as configured; 0: no limit
	Patience time.Duration // the longest wait that may be slept
	Place    time.Time     // in the queue, from an earlier answer; zero: none yet
	Who      string        // names this request, if it becomes a probe
}

// Turn is the answer to an Ask: granted, how long to wait, or blocked.
type Turn struct {
	Granted bool          // send now
	At      time.Time     // when it was decided, by the clock of the store
	Probe   bool          // and it is the one request that finds out whether the source still refuses us
	Wait    time.Duration // then ask again with Place; longer than Ask.Patience: no place was taken
	Place   time.Time
	Blocked time.Duration // nobody may ask for so long; 0: not blocked
	Until   time.Time     // the end of the block
	Refused bool          // the block is an open circuit: the source refuses us
	Reason  string        // of the block
	Step    time.Duration // between two requests, as the pace is now; 0: no limit
	Bounded string        // what was wrong with the recorded times, if this turn found something
}

// Take decides about a turn at now, inside the transaction that stores what it changes. It never grants two turns with
// less than one Step of the later one between them, whatever their places in the queue: a turn that comes late, because
// its worker slept or was stopped, waits again instead of following another one closely.
func (s *State) Take(now time.Time, a Ask) (Turn, bool) {
	t := Turn{At: now, Bounded: s.Bound(now, a.Patience)}
	changed := t.Bounded != ""
	if s.deny(now, &t) {
		return t, changed
	}
	if t.Step = s.step(a.Interval); t.Step > 0 {
		if a.Place.IsZero() {
			a.Place = later(later(now, s.NextAt), s.free(t.Step))
			if t.Wait = a.Place.Sub(now); t.Wait > a.Patience {
				return t, changed
			}
			s.NextAt, s.Interval, changed = a.Place.Add(t.Step), a.Interval, true
		}
		if t.Wait, t.Place = max(0, later(a.Place, s.free(t.Step)).Sub(now)), a.Place; t.Wait > 0 {
			return t, changed
		}
		s.SentAt, s.NextAt, changed = now, later(s.NextAt, now.Add(t.Step)), true
	}
	if t.Granted = true; s.Refused {
		t.Probe, changed = true, true
		s.Probe, s.ProbeUntil = a.Who, now.Add(probeLease)
	}
	return t, changed
}

// deny fills a turn in when nobody may ask at now, or only one may and does so already.
func (s *State) deny(now time.Time, t *Turn) bool {
	t.Refused, t.Reason = s.Refused, s.Reason
	switch {
	case s.BlockedUntil.After(now):
		t.Until = s.BlockedUntil
		t.Blocked = t.Until.Sub(now)
	case s.Refused && s.ProbeUntil.After(now):
		t.Blocked = min(s.ProbeUntil.Sub(now), probeLook)
		t.Until = now.Add(t.Blocked)
		t.Reason = "one request finds out whether it still refuses us: " + s.Reason
	}
	return t.Blocked > 0
}

// step is the time between two requests as the pace is now; 0: no limit.
func (s *State) step(configured time.Duration) time.Duration {
	if s.Rate > 0 {
		configured = interval(s.Rate)
	}
	return time.Duration(float64(configured) / min(1, max(MinPace, s.Pace)))
}

// free is when the pace allows another request.
func (s *State) free(step time.Duration) time.Time {
	if s.SentAt.IsZero() {
		return s.SentAt
	}
	return s.SentAt.Add(step)
}

// Bound corrects impossible times: written under a clock that was ahead, or edited. It returns what it corrected, if
// that is worth a log line. After a clock that went back, everything is as far away as when it was written: requests
// neither stop nor burst, and a block lasts at least as long as it was meant to. Bounded times keep the promise of Take,
// because no request follows the last one more closely than the pace allows.
func (s *State) Bound(now time.Time, patience time.Duration) string {
	var wrong string
	if back := s.Updated.Sub(now); back > 0 {
		for _, t := range []*time.Time{&s.NextAt, &s.SentAt, &s.BlockedUntil, &s.ProbeUntil} {
			if !t.IsZero() {
				*t = t.Add(-back)
			}
		}
		s.Updated = now
		if back > clockSlack {
			wrong = fmt.Sprintf("it was noted %s in the future", back.Round(time.Second))
		}
	}
	if s.SentAt.After(now) {
		s.SentAt = now
	}
	longest := MaxBlock
	if s.Note != "" {
		longest = MaxOpen
	}
	step := s.step(s.Interval)
	queue := max(patience, DefaultMaxWait) + time.Duration(float64(max(step, s.Interval))/MinPace)
	for _, t := range []struct {
		name       string
		at         *time.Time
		most, then time.Duration
	}{
		{"the next turn", &s.NextAt, queue, step},
		{"the end of the block", &s.BlockedUntil, longest + clockSlack, longest},
		{"the end of the probe", &s.ProbeUntil, probeLease + clockSlack, probeLease},
	} {
		if ahead := t.at.Sub(now); ahead > t.most {
			*t.at = now.Add(t.then)
			wrong = fmt.Sprintf("%s was %s away, and is %s now", t.name, ahead.Round(time.Second), t.then.Round(time.Millisecond))
		}
	}
	if wrong != "" {
		s.Bounded, s.BoundedAt = wrong, now
	}
	return wrong
}

// Block is a request of the source not to be asked.
type Block struct {
	For     time.Duration // as the source says; 0: it does not
	Refused bool          // it refuses us
	Circuit time.Duration // how long nobody asks after a first refusal, at least
	Reason  string
}

// Block blocks the host for as long as the source says. After a refusal it lasts at least Circuit, twice as long for
// each further refusal, up to MaxBlock. Unless the host was blocked already, its pace halves and a refusal is counted:
// answers to requests that were on their way say nothing new.
func (s *State) Block(now time.Time, k Block) {
	s.Bound(now, anyPatience)
	d := k.For
	if !s.BlockedUntil.After(now) {
		s.Pace = max(MinPace, s.Pace/2)
		if k.Refused {
			d = max(d, circuit(k.Circuit, s.Refusals))
			s.Refusals++
		}
	}
	if s.Refused = s.Refused || k.Refused; s.Refused {
		s.Probe, s.ProbeUntil = "", time.Time{}
	}
	if until := now.Add(min(d, MaxBlock)); until.After(s.BlockedUntil) {
		s.BlockedUntil, s.Reason, s.Note = until, k.Reason, ""
	}
}

// circuit is how long it stays open after a number of refusals in a row.
func circuit(first time.Duration, before int) time.Duration {
	d := first
	for range before {
		if d = 2 * d; d >= circuitGrowth*first {
			return circuitGrowth * first
		}
	}
	return d
}

// Answer is the result of a request that was not blocked.
type Answer struct {
	Good   bool   // the source answered, if only that there is none
	Slow   bool   // but slowly
	Failed bool   // it could not answer: 5xx, no connection, nothing in time
	Probe  string // the request was the probe that Take had called so
}

// Answer adapts the pace. A good probe closes the circuit; a probe without a result leaves it to a later one. It reports
// whether anything changed.
func (s *State) Answer(now time.Time, a Answer) bool {
	before := *s
	if s.Refused && a.Probe != "" && a.Probe == s.Probe {
		if a.Good {
			s.Refused, s.Refusals, s.Probe, s.ProbeUntil = false, 0, "", time.Time{}
		} else {
			s.ProbeUntil = now.Add(probePause)
		}
	}
	switch {
	case a.Failed:
		if s.Strain++; s.Strain >= maxStrain {
			s.Strain, s.Pace = 0, max(MinPace, s.Pace*slowTimes)
		}
	case a.Slow:
		s.Pace = max(MinPace, s.Pace*slowTimes)
	case a.Good:
		if s.Strain = max(0, s.Strain-strainDecay); s.Strain == 0 {
			s.Pace = min(1, s.Pace+successPlus)
		}
	}
	return *s != before
}

// Open blocks the host until a time, at most MaxOpen from now, on request of a person.
func (s *State) Open(now, until time.Time, note string) {
	s.Bound(now, anyPatience)
	if most := now.Add(MaxOpen); until.After(most) {
		until = most
	}
	s.BlockedUntil, s.Refused, s.Reason, s.Note = until, true, "opened by hand: "+note, note
	s.Probe, s.ProbeUntil = "", time.Time{}
}

// Close ends a block at once and forgets the refusals, on request of a person. The pace recovers by itself.
func (s *State) Close(now time.Time, note string) {
	s.Bound(now, anyPatience)
	s.BlockedUntil, s.Refused, s.Refusals, s.Reason, s.Note = time.Time{}, false, 0, "", note
	s.Probe, s.ProbeUntil, s.Strain = "", time.Time{}, 0
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
