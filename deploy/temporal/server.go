package main

import (
	"context"
	"fmt"
	"io"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/temporal"
)

// startTimeout is how long everything may take to answer. On two idle cores it takes about a second.
const startTimeout = 2 * time.Minute

// serve runs the server until ctx ends, and prints the ready line to stdout in between. Nothing is written to the disk before
// it is known that the ports are free and the database is ours.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	if err := awaitPredecessor(ctx, o.db); err != nil {
		return err
	}
	p, err := choosePorts(ctx, o)
	if err != nil {
		return err
	}
	lock, err := lockDatabase(o.db)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := prepareDatabase(o); err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: o.logLevel}))
	stop, err := start(o, p, logger)
	if err != nil {
		return err
	}
	err = awaitReady(ctx, o, p, logger)
	if err == nil {
		fmt.Fprintln(stdout, readyLine(o, p))
		<-ctx.Done()
	}
	if stopErr := stop(); err == nil || ctx.Err() != nil { // asked to stop while starting: that is no failure
		return stopErr
	}
	return err
}

// start starts the services and the UI, and returns what stops them.
func start(o options, p ports, logger log.Logger) (stop func() error, err error) {
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(o, p)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(o, p)),
		temporal.WithDynamicConfigClient(o.dynamic),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithLogger(logger),
	)
	if err != nil {
		return nil, fmt.Errorf("configure server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if o.headless {
		return server.Stop, nil
	}
	ui := uiserver.NewServer(server_options.WithConfigProvider(uiServerConfig(o, p)))
	go func() { _ = ui.Start() }() // it ends the process by itself if it cannot listen
	return func() error {
		ui.Stop()
		return server.Stop()
	}, nil
}

func readyLine(o options, p ports) string {
	line := "ready grpc=" + o.grpcAddress(p)
	if url := o.uiURL(p); url != "" {
		line += " ui=" + url
	}
	return line
}
