//go:build linux

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

func killWorker(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	worker := pick(r, w.workers)
	return killService(worker.Service)
}

// killService kills one process as a crash would. The supervisor starts the next.
func killService(v *Service) (string, error) {
	pid := v.PID()
	if pid == 0 || !v.Signal(syscall.SIGKILL) {
		return "", fmt.Errorf("%w: %s is down", errNothing, v.name)
	}
	return fmt.Sprintf("%s, process %d", v.name, pid), nil
}

// killBelow kills a process of one sort below a worker or the Grid's node, found by descent.
func killBelow(is func(Process) bool) func(context.Context, *Cluster, *rand.Rand) (string, error) {
	return func(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
		table, err := processes()
		if err != nil {
			return "", err
		}
		var found []Process
		for _, v := range w.parents() {
			for _, p := range descendants(table, v.PID()) {
				if is(p) {
					found = append(found, p)
				}
			}
		}
		if len(found) == 0 {
			return "", fmt.Errorf("%w: none runs", errNothing)
		}
		p := pick(r, found)
		if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
			return "", fmt.Errorf("%w: %w", errNothing, err)
		}
		return p.String(), nil
	}
}

// parents are the services below which drivers, browsers and PDF children run.
func (w *Cluster) parents() []*Service {
	var found []*Service
	for _, worker := range w.workers {
		if worker.PID() != 0 {
			found = append(found, worker.Service)
		}
	}
	if w.grid != nil && w.grid.node.PID() != 0 {
		found = append(found, w.grid.node)
	}
	return found
}

// stopWorker stops a worker until its heartbeats and leases are long over, as a machine does that is suspended.
func stopWorker(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	return stopService(w, pick(r, w.workers).Service, w.o.StopFor)
}

func stopServer(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	return stopService(w, w.server, between(r, 5*time.Second, 15*time.Second))
}

func stopService(w *Cluster, v *Service, d time.Duration) (string, error) {
	pid := v.PID()
	if pid == 0 || !v.Signal(syscall.SIGSTOP) {
		return "", fmt.Errorf("%w: %s is down", errNothing, v.name)
	}
	w.later(d, fmt.Sprintf("%s goes on", v.name), func() {
		if v.PID() == pid { // it was not killed meanwhile
			v.Signal(syscall.SIGCONT)
		}
	})
	return fmt.Sprintf("%s, process %d, for %s", v.name, pid, d), nil
}

// cut cuts the network of a proxy for a while, noisily or silently.
func cut(which func(*Cluster) *Proxy) func(context.Context, *Cluster, *rand.Rand) (string, error) {
	return func(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
		p, how, d := which(w), pick(r, []Cut{Reset, Silent}), between(r, 3*time.Second, 15*time.Second)
		if _, now, _ := p.state(); now != NoCut {
			return "", fmt.Errorf("%w: it is cut already", errNothing)
		}
		p.Cut(how)
		w.later(d, "the network is whole again", p.Heal)
		return fmt.Sprintf("%s for %s", how, d.Round(100*time.Millisecond)), nil
	}
}

// olderWorker puts an older build in a worker's place for a while, as a machine does that was forgotten in a deployment. One
// worker of the newest build in use is always left.
func olderWorker(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	worker := pick(r, w.workers)
	before, clock := worker.get()
	if before == w.builds.Older || before == w.newest() && w.count(before) < 2 {
		return "", fmt.Errorf("%w: %s is the last of its build", errNothing, worker.name)
	}
	worker.set(w.builds.Older, clock)
	worker.Signal(syscall.SIGTERM)
	w.later(w.o.StopFor, worker.name+" gets the newest build", func() {
		_, clock := worker.get()
		worker.set(w.newest(), clock)
		worker.Signal(syscall.SIGTERM)
	})
	return worker.name, nil
}

// newerWorker deploys a newer build to one worker, and it stays.
func newerWorker(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	worker := pick(r, w.workers)
	build, clock := worker.get()
	if build != w.builds.Current {
		return "", fmt.Errorf("%w: %s has it", errNothing, worker.name)
	}
	worker.set(w.builds.Newer, clock)
	worker.Signal(syscall.SIGTERM)
	return worker.name, nil
}

// newest is the newest build that a worker has.
func (w *Cluster) newest() string {
	if w.count(w.builds.Newer) > 0 {
		return w.builds.Newer
	}
	return w.builds.Current
}

func (w *Cluster) count(build string) (n int) {
	for _, worker := range w.workers {
		if b, _ := worker.get(); b == build {
			n++
		}
	}
	return n
}

// shiftClock starts a worker again with a wrong clock, and later with the right one.
func shiftClock(_ context.Context, w *Cluster, r *rand.Rand) (string, error) {
	worker := pick(r, w.workers)
	build, _ := worker.get()
	by := pick(r, []time.Duration{-time.Hour, -time.Minute, time.Minute, time.Hour, 365 * 24 * time.Hour})
	worker.set(build, by)
	worker.Signal(syscall.SIGKILL)
	w.later(w.o.StopFor, worker.name+"'s clock is right", func() {
		build, _ := worker.get()
		worker.set(build, 0)
		worker.Signal(syscall.SIGKILL)
	})
	return fmt.Sprintf("%s by %s", worker.name, by), nil
}
