package main

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadyLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    options
		want string
	}{
		"loopback":  {options{ip: "127.0.0.1"}, "ready grpc=127.0.0.1:7233 ui=http://127.0.0.1:8080"},
		"headless":  {options{ip: "127.0.0.1", headless: true}, "ready grpc=127.0.0.1:7233"},
		"all":       {options{ip: "0.0.0.0"}, "ready grpc=127.0.0.1:7233 ui=http://127.0.0.1:8080"},
		"version 6": {options{ip: "::1"}, "ready grpc=[::1]:7233 ui=http://[::1]:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, readyLine(c.o, ports{grpc: 7233, ui: 8080}))
		})
	}
}

func TestFrontend(t *testing.T) {
	t.Parallel()
	t.Run("alone listens on the configured address", frontendAloneListensOnConfiguredAddress)
}

func frontendAloneListensOnConfiguredAddress(t *testing.T) {
	t.Parallel()
	c := serverConfig(options{ip: "10.0.0.7"}, ports{grpc: 1, history: 2, matching: 3, worker: 4})
	require.Len(t, c.Services, 4)
	for name, service := range c.Services {
		want := "127.0.0.1"
		if name == "frontend" {
			want = "10.0.0.7"
		}
		require.Equal(t, want, service.RPC.BindOnIP, name)
	}
	require.Zero(t, c.Global.PProf.Port)
	require.Nil(t, c.Global.Metrics)
}

func TestUIAsksNothingOfTheInternet(t *testing.T) {
	t.Parallel()
	c := uiServerConfig(options{ip: "127.0.0.1", namespace: "leaflets"}, ports{grpc: 7233, ui: 8080})
	require.NoError(t, c.Validate())
	require.True(t, c.DisableNewsFetch)
	require.False(t, c.NotifyOnNewVersion)
	require.Empty(t, c.FeedbackURL)
	require.Empty(t, c.Codec.Endpoint)
	require.Equal(t, "leaflets", c.DefaultNamespace)
	require.Equal(t, []string{"http://127.0.0.1:8080", "http://localhost:8080"}, c.CORS.AllowOrigins)
}

func TestChoosePorts(t *testing.T) {
	t.Parallel()
	p, err := choosePorts(t.Context(), options{ip: "127.0.0.1"})
	require.NoError(t, err)
	different := map[int]bool{p.grpc: true, p.ui: true, p.history: true, p.matching: true, p.worker: true}
	require.Len(t, different, 5)
	require.NotContains(t, different, 0)

	p, err = choosePorts(t.Context(), options{ip: "127.0.0.1", headless: true})
	require.NoError(t, err)
	require.Zero(t, p.ui)
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, flag := range []string{"--port", "--ui-port"} {
		args := []string{"--port", "0", "--ui-port", "0", flag, taken}
		folder := filepath.Join(t.TempDir(), "data")
		var stdout, stderr strings.Builder
		code := run(t.Context(), append(args, "--db", filepath.Join(folder, "t.db")), nil, &stdout, &stderr)
		require.Equal(t, 1, code)
		require.Equal(t, "temporal: port "+taken+" is in use; choose another with "+flag+"\n", stderr.String())
		require.Empty(t, stdout.String())
		require.NoDirExists(t, folder, "nothing is written before the ports are known to be free")
	}
}

func TestBadFlagExitsWith2(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	require.Equal(t, 2, run(t.Context(), []string{"--port", "many"}, nil, nil, &stderr))
	require.Contains(t, stderr.String(), "--port")
}
