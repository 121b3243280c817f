package chaos

import (
	"bufio"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo is a server that sends lines back, with a word of its own before them.
func echo(t *testing.T, word string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					if _, err := c.Write([]byte(word + " " + lines.Text() + "\n")); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// line is a connection on which lines are said and heard.
type line struct {
	net.Conn
	heard *bufio.Reader
}

func connect(t *testing.T, p *Proxy) line {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return line{c, bufio.NewReader(c)}
}

// refused wants a new connection to come to nothing: it may be reset before or after it is made.
func refused(t *testing.T, p *Proxy) {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	if err != nil {
		return
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err = line{c, bufio.NewReader(c)}.say("x")
	require.Error(t, err)
}

func (l line) say(text string) (string, error) {
	if _, err := l.Write([]byte(text + "\n")); err != nil {
		return "", err
	}
	return l.heard.ReadString('\n')
}

func open(t *testing.T) *Proxy {
	t.Helper()
	p, err := NewProxy(t.Context())
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func TestProxy(t *testing.T) {
	t.Parallel()
	t.Run("follows its server", proxyFollowsItsServer)
	t.Run("resets connections", proxyResetsConnections)
	t.Run("stays silent until it is healed", proxyStaysSilentUntilItIsHealed)
}

func proxyFollowsItsServer(t *testing.T) {
	t.Parallel()
	p := open(t)
	refused(t, p) // there is no server yet
	p.Point(echo(t, "one"))
	first := connect(t, p)
	answer, err := first.say("x")
	require.NoError(t, err)
	require.Equal(t, "one x\n", answer)
	p.Point(echo(t, "two"))
	answer, err = connect(t, p).say("y")
	require.NoError(t, err)
	require.Equal(t, "two y\n", answer)
	answer, err = first.say("z")
	require.NoError(t, err)
	require.Equal(t, "one z\n", answer, "a connection stays with its server")
}

func proxyResetsConnections(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.Point(echo(t, "one"))
	before := connect(t, p)
	_, err := before.say("x")
	require.NoError(t, err)
	p.Cut(Reset)
	p.Cut(Silent) // it is cut already
	_, err = before.say("y")
	require.Error(t, err)
	refused(t, p)
	p.Heal()
	answer, err := connect(t, p).say("z")
	require.NoError(t, err)
	require.Equal(t, "one z\n", answer)
}

func proxyStaysSilentUntilItIsHealed(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.Point(echo(t, "one"))
	before := connect(t, p)
	_, err := before.say("x")
	require.NoError(t, err)
	p.Cut(Silent)
	for _, c := range []line{before, connect(t, p)} {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		_, err = c.say("y")
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout(), "nothing comes, and nobody says why")
		require.NoError(t, c.SetReadDeadline(time.Time{}))
	}
	p.Heal()
	_, err = before.heard.ReadString('\n')
	require.Error(t, err, "a client that was cut off finds out")
	answer, err := connect(t, p).say("z")
	require.NoError(t, err)
	require.Equal(t, "one z\n", answer)
}
