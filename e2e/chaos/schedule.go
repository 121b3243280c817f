package chaos

import (
	"math/rand/v2"
)

// Kind names a disturbance, as the timeline and the table of results spell it.
type Kind string

// The disturbances.
const (
	KillWorker     Kind = "kill a worker"
	KillServer     Kind = "kill the Temporal server"
	KillPortal     Kind = "kill the portal"
	KillDriver     Kind = "kill a chromedriver"
	KillBrowser    Kind = "kill a browser"
	KillPDFChild   Kind = "kill a PDF child"
	KillNode       Kind = "kill the Grid's node"
	KillHub        Kind = "kill the Grid's hub"
	StopWorker     Kind = "stop a worker beyond its leases"
	StopServer     Kind = "stop the Temporal server"
	TerminateRun   Kind = "terminate a run"
	TerminateStep  Kind = "terminate a step"
	FillDisk       Kind = "fill the disk"
	CutServer      Kind = "cut the network to the server"
	CutPortal      Kind = "cut the network to the portal"
	CutHub         Kind = "cut the network to the hub"
	OlderWorker    Kind = "replace a worker by an older build"
	NewerWorker    Kind = "replace a worker by a newer build"
	CompactForeign Kind = "let a foreign writer compact a table"
	ShiftClock     Kind = "shift a worker's clock"
)

// Weighted is a kind and how often it is drawn, beside the others.
type Weighted struct {
	Kind   Kind
	Weight int
}

// Weights is the table that schedules are drawn from.
func Weights() []Weighted {
	return []Weighted{
		{KillWorker, 4}, {KillServer, 2}, {KillPortal, 2}, {KillDriver, 2}, {KillBrowser, 3}, {KillPDFChild, 2},
		{KillNode, 1}, {KillHub, 1}, {StopWorker, 3}, {StopServer, 1}, {TerminateRun, 2}, {TerminateStep, 2},
		{FillDisk, 2}, {CutServer, 2}, {CutPortal, 2}, {CutHub, 1}, {OlderWorker, 1}, {NewerWorker, 1},
		{CompactForeign, 2}, {ShiftClock, 2},
	}
}

// Disturbance is one entry of a schedule.
type Disturbance struct {
	Number int    // from 1
	Kind   Kind   // what
	After  int    // when: so much progress after the one before
	seed   uint64 // of the choices within it, so that they do not depend on what others drew
}

// Rand makes the generator of the disturbance's own choices.
func (d Disturbance) Rand() *rand.Rand { return rand.New(rand.NewPCG(d.seed, uint64(d.Number))) }

// Schedule is an endless sequence of disturbances that follows from its seed.
type Schedule struct {
	rng     *rand.Rand
	weights []Weighted
	first   []Kind // each kind once, before the weights decide: twenty disturbances are of nearly every kind
	number  int
}

// How much progress lies between two disturbances.
const (
	leastProgress = 15
	mostProgress  = 90
)

// NewSchedule makes the schedule of a seed.
func NewSchedule(seed uint64, weights []Weighted) *Schedule {
	s := &Schedule{rng: rand.New(rand.NewPCG(seed, 0xc4a05)), weights: weights}
	for _, at := range s.rng.Perm(len(weights)) {
		s.first = append(s.first, weights[at].Kind)
	}
	return s
}

// Next is the next disturbance.
func (s *Schedule) Next() Disturbance {
	s.number++
	d := Disturbance{
		Number: s.number, After: leastProgress + s.rng.IntN(mostProgress-leastProgress+1), seed: s.rng.Uint64(), Kind: s.draw(),
	}
	if s.number <= len(s.first) {
		d.Kind = s.first[s.number-1]
	}
	return d
}

func (s *Schedule) draw() Kind {
	sum := 0
	for _, w := range s.weights {
		sum += w.Weight
	}
	at := s.rng.IntN(sum)
	for _, w := range s.weights {
		if at -= w.Weight; at < 0 {
			return w.Kind
		}
	}
	return "" // unreachable: at is below the sum
}
