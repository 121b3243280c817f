package host

import (
	"context"
	"log/slog"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/engine/forecast"
	"drugslm/internal/pdf"
	"drugslm/internal/sources"
	"drugslm/internal/telemetry"
)

// OpenDataOf opens a data folder for the assets of sources.
func OpenDataOf(ctx context.Context, c config.Config, all ...sources.Source) (*Data, error) {
	return openData(ctx, c, 0, all)
}

// HostsOf are the hosts that sources ask.
func HostsOf(c config.Config, all ...sources.Source) []Asked { return hostsOf(all, c.Budget) }

// Sources are the sources of a configuration.
func Sources(c config.Config) []sources.Source { return sourcesOf(c) }

// GraphOf is the graph that a worker on a data folder works with, which serves the queues of its configuration.
func GraphOf(d *Data, c config.Config, t *telemetry.Telemetry, reader *pdf.Extractor, all ...sources.Source) (*asset.Graph, error) {
	h := &Host{Data: d, config: c, sources: all, tracer: t, reader: reader, log: slog.New(slog.DiscardHandler)}
	return graphOf(all, h.tools(h.pacer()))
}

// Serves reports whether a worker of a configuration serves a queue.
func Serves(c config.Config, queue asset.Queue) bool { return (&Host{config: c}).serves(queue) }

// PaceOf is the pace at the hosts of sources.
func (d *Data) PaceOf(ctx context.Context, c config.Config, all ...sources.Source) (string, forecast.Pace, error) {
	return d.paceOf(ctx, hostsOf(all, c.Budget))
}
