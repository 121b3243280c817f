package simulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// The files of a state folder.
const (
	stateFile    = "state.json"
	requestsFile = "requests.jsonl"
)

// maxState bounds the first of them, in bytes: it grows by a line a night.
const maxState = 64 << 20

// state is what a portal must remember to be the same one after it was killed.
type state struct {
	Seed     uint64      `json:"seed"`
	Products int         `json:"products"`
	Cases    bool        `json:"cases,omitempty"`  // some leaflets are special
	Began    time.Time   `json:"began"`            // when it started for the first time: its first day
	Starts   uint64      `json:"starts"`           // how often it has started before
	Turns    []dayChange `json:"turns,omitempty"`  // the nights since then
	Turned   bool        `json:"turned,omitempty"` // the day-switch has happened
	Denied   []int       `json:"denied,omitempty"` // products whose false negative has been given
	Banned   time.Time   `json:"banned"`           // until when; zero: not banned
}

// memory is a portal's state folder. A nil one remembers nothing.
type memory struct {
	folder string
	report *slog.Logger

	mu    sync.Mutex
	state state
}

func openMemory(o Options) (*memory, error) {
	if o.State == "" {
		return nil, nil
	}
	if err := os.MkdirAll(o.State, 0o755); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "open the portal's state", err)
	}
	m := &memory{folder: o.State, report: o.Log, state: state{Seed: o.Seed, Products: o.Products, Cases: o.Cases, Began: o.Clock()}}
	text, err := file.Read(m.path(stateFile), maxState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, m.save()
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, "open the portal's state", err)
	}
	var found state
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fault.New(fault.Invalid, "open the portal's state", "%s: %w", m.path(stateFile), err)
	}
	if found.Seed != o.Seed || found.Products != o.Products || found.Cases != o.Cases {
		return nil, fault.New(fault.Invalid, "open the portal's state", "%s is of seed %d with %d products (cases: %t), not of seed %d with %d (cases: %t): name another folder",
			o.State, found.Seed, found.Products, found.Cases, o.Seed, o.Products, o.Cases)
	}
	m.state = found
	m.state.Starts++
	return m, m.save()
}

func (m *memory) path(name string) string { return filepath.Join(m.folder, name) }

func (m *memory) starts() uint64 {
	if m == nil {
		return 0
	}
	return m.state.Starts
}

func (m *memory) firstDay(now time.Time) time.Time {
	if m == nil {
		return now
	}
	return m.state.Began
}

func (m *memory) turns() []dayChange {
	if m == nil {
		return nil
	}
	return m.state.Turns
}

// recall gives a portal that has its faults what it knew when it was killed.
func (m *memory) recall(p *Portal) error {
	if m == nil {
		return nil
	}
	p.turned = m.state.Turned
	for _, id := range m.state.Denied {
		p.denied[id] = true
	}
	if p.now().Before(m.state.Banned) && p.faults.on(faultBan) {
		p.bucket, p.banned = rate.NewLimiter(1, int(p.faults.value(faultBan))), m.state.Banned
	}
	requests, err := ReadRequests(m.path(requestsFile))
	for _, r := range requests {
		p.log.add(r)
	}
	return err
}

// note changes the state, on the disk before it is acted upon. A portal that cannot write continues, and says so in its log.
func (m *memory) note(change func(*state)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.state)
	if err := m.save(); err != nil {
		m.report.Error("the portal's state is not kept", "error", err)
	}
}

// save replaces the file as a whole: a portal may be killed at any moment.
func (m *memory) save() error {
	text, err := json.Marshal(m.state)
	if err != nil {
		return err
	}
	fresh := m.path(stateFile + ".new")
	if err := os.WriteFile(fresh, text, 0o644); err != nil {
		return fault.Wrap(fault.Unavailable, "keep the portal's state", err)
	}
	return os.Rename(fresh, m.path(stateFile))
}

// log appends a request, before it is answered.
func (m *memory) log(r Request) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.append(r); err != nil {
		m.report.Error("the portal's request log is not kept", "error", err)
	}
}

func (m *memory) append(r Request) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(m.path(requestsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

// ReadRequests reads the request log of a state folder, requests.jsonl, oldest first. One that does not exist yet is empty; a
// last line that is not ended yet is left out.
func ReadRequests(path string) ([]Request, error) {
	f, err := file.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []Request
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		var r Request
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fault.New(fault.Invalid, "read the portal's requests", "%s, line %d: %w", path, len(found)+1, err)
		}
		found = append(found, r)
	}
}
