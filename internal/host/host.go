// Package host wires a worker process together. It opens the data folder, the browser sessions, the sources, the PDF
// reader and the connection to Temporal, and runs a worker for each task queue. Only commands import it.
//
// [Open] either gives a [Host] in which everything answers, or one error that says what does not and what to do.
// [Host.Run] works until its context ends, then lets running activities finish within [DrainTimeout]. [Host.Close]
// frees what Open took, in every case.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/grid"
	"drugslm/internal/pdf"
	"drugslm/internal/runlog"
	"drugslm/internal/sources"
	"drugslm/internal/telemetry"
	"drugslm/workflows"
)

// DrainTimeout is how long a stopping worker takes, all in all: its queues stop side by side, activities that are under
// way may end, then browsers and files are closed. What is not done by then is done again by another worker; the ledger
// knows what is left.
const DrainTimeout = 20 * time.Second

const (
	workTimeout = 15 * time.Second // of it for activities
	leastClose  = 3 * time.Second  // for closing, also when activities took all the time
)

// Host is a worker process.
type Host struct {
	*Data
	Temporal client.Client

	config       config.Config
	log          *slog.Logger
	sdk          *sdkLogger
	tracer       *telemetry.Telemetry
	sources      []sources.Source
	graph        *asset.Graph // with what the sources' assets work with; that of Data has definitions only
	reader       *pdf.Extractor
	scans        document.Recognizer
	registry     *registry
	pool         atomic.Pointer[grid.Pool]     // nil without browsers
	missingAttrs []string                      // search attributes that the server does not have
	stopBy       time.Time                     // when all has to be over, once the host was told to stop
	closers      []func(context.Context) error // in the order opened
}

// Open opens everything that the queues of the configuration need.
func Open(ctx context.Context, c config.Config, t *telemetry.Telemetry, log *slog.Logger) (*Host, error) {
	h := &Host{config: c, log: log, tracer: t, sources: sourcesOf(c)}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Close(ctx))
	}
	return h, nil
}

func (h *Host) open(ctx context.Context) (err error) {
	if h.Data, err = openData(ctx, h.config, h.config.Disk.Floor, h.sources); err != nil {
		return err
	}
	h.closers = append(h.closers, func(context.Context) error { return h.Data.Close() })
	h.keepLogs()
	compareClocks(ctx, h.Ledger, h.log)
	if err := h.register(ctx); err != nil {
		return err
	}
	if h.Temporal, err = dialPatiently(ctx, h.config, h.tracer, h.sdk); err != nil {
		return err
	}
	h.closers = append(h.closers, func(context.Context) error { h.Temporal.Close(); return nil })
	if h.serves(asset.QueueOrchestrate) {
		if err := h.reconcile(ctx); err != nil {
			return err
		}
		h.missingAttrs = missingAttributes(ctx, h.Temporal, h.config.Temporal.Namespace, h.log)
		if err := ReconcileAutomation(ctx, h.config.Automation, h.Temporal); err != nil {
			return err
		}
	}
	if h.serves(asset.QueueBrowser) {
		if err := h.openBrowsers(ctx); err != nil {
			return err
		}
	}
	if h.serves(asset.QueueExtract) {
		h.reader, err = pdf.Open(ReaderOptions(h.config, h.config.Worker.Extract))
		if err != nil {
			return err
		}
		h.closers = append(h.closers, h.reader.Close)
		if h.scans, err = Recognizer(h.config); err != nil {
			return err
		}
	}
	h.graph, err = graphOf(h.sources, h.tools(h.pacer()))
	return err
}

// keepLogs writes what is logged about runs to the data folder, too. What is logged without a logger at hand goes the same
// way: a worker is its process.
func (h *Host) keepLogs() {
	files := runlog.New(runlog.Options{Data: h.Root, Limit: int64(h.config.Log.Run)})
	h.log = slog.New(runlog.Handler(h.log.Handler(), files))
	slog.SetDefault(h.log)
	h.sdk = newSDKLogger(h.log, h.config.Temporal.Address)
	h.closers = append(h.closers, func(context.Context) error { files.Close(); return nil })
}

// openBrowsers opens browser sessions.
func (h *Host) openBrowsers(ctx context.Context) error {
	pool, err := grid.Open(ctx, grid.Options{
		Hub: string(h.config.Grid.Hub), Browser: h.config.Grid.Browser, Sessions: h.config.Grid.Sessions, Lease: h.config.Grid.Lease,
		UserAgent: UserAgent(h.config.Sources.Anvisa), Leases: leases{h.Ledger}, Owner: h.registry.current, Gone: h.registry.gone,
		NoSandbox: h.config.Grid.NoSandbox,
	})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, pool.Close)
	h.pool.Store(pool)
	return nil
}

// circuit is how long a refusal stops everything. A source that is asked without a limit is a simulated one on this
// machine, whose refusals are for practice.
func circuit(b config.Budget) time.Duration {
	if b.Circuit == 0 && b.RPS == 0 {
		return 2 * time.Second
	}
	return b.Circuit
}

// Tracer makes the spans of this process.
func (h *Host) Tracer() trace.Tracer { return h.tracer.Tracer() }

// Run works until ctx ends.
func (h *Host) Run(ctx context.Context) error {
	engine := &materialize.Engine{
		Graph: h.graph, Ledger: h.Ledger, Lake: h.Lake, Tracer: h.tracer.Tracer(), Now: h.Now,
		Limits: materialize.Limits{Room: h.Room, Run: int64(h.config.Disk.Run)}, Workers: h.registry, Worker: h.registry.current,
	}
	acts := &activities.Activities{Engine: engine, Build: build(h.config.Worker), Log: h.log}
	if err := h.setHooks(acts); err != nil {
		return err
	}
	var started []worker.Worker
	defer func() { h.drain(ctx, started) }()
	queues := h.queues()
	failed := make(chan error, len(queues))
	for _, queue := range queues {
		w := h.worker(queue, acts, failed)
		if err := w.Start(); err != nil {
			return fmt.Errorf("start worker of queue %s: %w", queue, err)
		}
		started = append(started, w)
	}
	if err := h.resume(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if h.config.Worker.Deployment != "" && h.config.Worker.Promote {
		go Promote(ctx, h.Temporal, h.config.Worker, h.log)
	}
	if h.serves(asset.QueueOrchestrate) {
		stop := h.maintain(ctx)
		defer stop()
		unobserve, err := h.tracer.ObservePartitions(h.countPartitions)
		if err != nil {
			return err
		}
		defer unobserve()
	}
	go h.sdk.watch(ctx, func(ctx context.Context) error {
		_, err := h.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func (h *Host) worker(queue asset.Queue, acts *activities.Activities, failed chan<- error) worker.Worker {
	slots := map[asset.Queue]int{
		asset.QueueOrchestrate: 8, asset.QueueBrowser: h.config.Grid.Sessions, asset.QueueHTTP: httpSlots, asset.QueueExtract: h.config.Worker.Extract,
	}
	options := worker.Options{
		Identity:                           owner(),
		DeploymentOptions:                  Versioned(h.config.Worker),
		WorkerStopTimeout:                  workTimeout,
		MaxConcurrentActivityExecutionSize: slots[queue],
		DisableWorkflowWorker:              queue != asset.QueueOrchestrate,
		OnFatalError: func(err error) {
			select {
			case failed <- fmt.Errorf("worker of queue %s: %w", queue, err):
			default:
			}
		},
	}
	if len(h.missingAttrs) > 0 {
		options.Interceptors = append(options.Interceptors, workflows.WithoutAttributes(h.missingAttrs...))
	}
	w := worker.New(h.Temporal, workflows.TaskQueue(queue), options)
	if queue == asset.QueueOrchestrate {
		workflows.Register(w)
	}
	w.RegisterActivity(acts)
	return w
}

// Close frees what was opened, last first. After Run it has what is left of DrainTimeout.
func (h *Host) Close(ctx context.Context) error {
	limit := DrainTimeout
	if !h.stopBy.IsZero() {
		limit = max(time.Until(h.stopBy), leastClose)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	var errs []error
	for _, closer := range slices.Backward(h.closers) {
		errs = append(errs, closer(ctx))
	}
	h.closers = nil
	return errors.Join(errs...)
}

// httpSlots is how many activities ask sources without a browser at a time; budgets see to how fast.
const httpSlots = 8

// queues are those that this process serves. One that serves browsers serves HTTP as well: it did before there was a queue for it.
func (h *Host) queues() []asset.Queue {
	var queues []asset.Queue
	for _, name := range h.config.Worker.Queues {
		queues = append(queues, asset.Queue(name))
	}
	if slices.Contains(queues, asset.QueueBrowser) && !slices.Contains(queues, asset.QueueHTTP) {
		queues = append(queues, asset.QueueHTTP)
	}
	return queues
}

func (h *Host) serves(queue asset.Queue) bool { return slices.Contains(h.queues(), queue) }

// owner names this process in leases and in the Web UI.
func owner() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return fmt.Sprintf("drugslm-worker/%s/%d", name, os.Getpid())
}
