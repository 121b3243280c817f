package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"go.temporal.io/server/common/testing/freeport"
)

// ports are the TCP ports of one server. Only grpc and ui are for others; ui is 0 when there is none. The rest join the
// services to each other on the loopback and are chosen again at each start, so that servers can run side by side.
type ports struct {
	grpc, ui                  int
	history, matching, worker int
}

// choosePorts finds a port for each service, and makes sure that those the user named are free.
func choosePorts(ctx context.Context, o options) (ports, error) {
	var p ports
	var err error
	if p.grpc, err = choosePort(ctx, o.ip, o.port, "--port"); err != nil {
		return p, err
	}
	if !o.headless {
		if p.ui, err = choosePort(ctx, o.ip, o.uiPort, "--ui-port"); err != nil {
			return p, err
		}
	}
	// A port found here is not handed out again by the kernel within the next minute.
	p.history, p.matching, p.worker = freeport.MustGetFreePort(), freeport.MustGetFreePort(), freeport.MustGetFreePort()
	return p, nil
}

func choosePort(ctx context.Context, ip string, port int, flag string) (int, error) {
	if port == 0 {
		return freeport.MustGetFreePort(), nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, fmt.Errorf("port %d is in use; choose another with %s", port, flag)
	}
	if err != nil {
		return 0, fmt.Errorf("%s %d: %w", flag, port, err)
	}
	return port, l.Close()
}
