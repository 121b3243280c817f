package chaos

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Proxy is a network between two processes: a TCP address that never changes, in front of a server that may come back
// elsewhere, and that can be cut.
type Proxy struct {
	listener net.Listener
	dialer   net.Dialer
	done     sync.WaitGroup

	mu       sync.Mutex
	upstream string // where the server is now; "": nowhere
	cut      Cut
	whole    chan struct{} // closed while the network is whole
	conns    map[net.Conn]bool
	closed   bool
}

// Cut is how a network is cut.
type Cut string

// The cuts.
const (
	NoCut  Cut = ""
	Reset  Cut = "reset"  // connections are reset, new ones too: a host that answers "closed"
	Silent Cut = "silent" // nothing arrives and nobody is told: a cable that was pulled
)

// NewProxy listens on a free port of the loopback interface.
func NewProxy(ctx context.Context) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, dialer: net.Dialer{Timeout: 5 * time.Second}, whole: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(p.whole)
	p.done.Add(1)
	go p.accept(ctx)
	return p, nil
}

// Address is where clients connect.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Point says where the server is from now on.
func (p *Proxy) Point(upstream string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upstream = upstream
}

// Cut cuts the network until Heal.
func (p *Proxy) Cut(how Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut != NoCut || how == NoCut {
		return
	}
	p.cut, p.whole = how, make(chan struct{})
	if how == Reset {
		p.resetAll()
	}
}

// Heal restores the network. Earlier connections are closed: a client that was cut off silently finds out now.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == NoCut {
		return
	}
	p.cut = NoCut
	p.resetAll()
	close(p.whole)
}

// Close ends the proxy and waits for its goroutines.
func (p *Proxy) Close() {
	p.Heal()
	p.mu.Lock()
	p.closed = true
	_ = p.listener.Close() // it is only given up
	p.resetAll()
	p.mu.Unlock()
	p.done.Wait()
}

// resetAll ends every connection without a farewell. The caller holds mu.
func (p *Proxy) resetAll() {
	for c := range p.conns {
		reset(c)
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else a plain close does
	}
	_ = c.Close() // it may be closed already
}

func (p *Proxy) accept(ctx context.Context) {
	defer p.done.Done()
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one connection that did not come to be
		}
		p.done.Add(1)
		go func() {
			defer p.done.Done()
			p.serve(ctx, client)
		}()
	}
}

// keep remembers a connection, so that it can be cut. False: there is no network any more.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close() // it may be closed already
}

// state is the server, the cut in force, and what is closed when there is none.
func (p *Proxy) state() (string, Cut, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.upstream, p.cut, p.whole
}

func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	if !p.keep(client) {
		reset(client)
		return
	}
	defer p.forget(client)
	upstream, cut, whole := p.state()
	if cut == Silent {
		<-whole // and by then it is reset
		return
	}
	if cut == Reset || upstream == "" {
		reset(client)
		return
	}
	server, err := p.dialer.DialContext(ctx, "tcp", upstream)
	if err != nil || !p.keep(server) {
		reset(client)
		if err == nil {
			reset(server)
		}
		return
	}
	defer p.forget(server)
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			p.pipe(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
	// Half a connection is of no use to HTTP or gRPC: the other half ends too.
	_, _ = client.Close(), server.Close()
	<-ended
}

// pipe carries bytes from one side to the other, but none while the network is cut.
func (p *Proxy) pipe(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			_, _, whole := p.state()
			<-whole
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
