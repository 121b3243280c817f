// Package telemetry is the one place where spans, metrics or attributes get their names. It sends them where the standard OTEL_* variables
// say, and ties Temporal's workflows and activities into them.
//
// # Spans
//
// A name is "{verb} {object}" and holds nothing variable; what varies is an attribute.
//
//	start run           send a run to Temporal: the root of what follows
//	plan assets         resolve a selection and ask the ledger what each partition needs
//	evaluate automation look at what changed since the last tick, and write what is to be materialized
//	discover partitions ask the source which partitions there are
//	list source         read one partition's listing from the source, all pages
//	sync items         diff a listing against the ledger
//	make batch          do one batch of items
//	lease session       wait for a browser and check its health
//	open page           navigate a browser
//	send request        one HTTP request to the source, by a browser or by an HTTP client
//	store object        put one object into the lake
//	extract text        one PDF to a document
//	check asset         run one asset check on what is staged
//	publish partition   the atomic commit; linked down to the batches it holds
//	deliver events      one pass over the events that hooks are to be told of
//
// Temporal's interceptor adds "StartWorkflow:T", "RunWorkflow:T", "StartChildWorkflow:T", "StartActivity:T",
// "RunActivity:T" and "SignalWorkflow:S". Queries make no spans: `starter status` polls them. There are no spans of
// ours in workflow code, as a replay would repeat them.
//
// # Attributes
//
//	drugslm.asset.key        "anvisa/catalog"
//	drugslm.asset.partition  "categoria=5"
//	drugslm.run.id           the run that does the work
//	drugslm.code_version     the code version of the asset
//	drugslm.item.id          one item of the ledger
//	drugslm.batch            number of the batch within its partition, from 0
//	drugslm.rows             rows written
//	drugslm.bytes            bytes read or written
//	drugslm.items.total, drugslm.items.done, drugslm.items.absent, drugslm.items.quarantined, drugslm.items.failed
//	                         how a batch or a partition came out
//	drugslm.session.id       browser session
//	drugslm.lake.version     table version that a publish made
//	drugslm.check.name       the asset check
//
// and OpenTelemetry's own where one exists: url.full, http.request.method, http.response.status_code, and
// error.type, which is the fault kind.
//
// # Metrics
//
// The names are spelt in names.go, with their attributes. Activities record through [Metrics], beside the write that
// makes the number true: drugslm.asset.checks, drugslm.asset.items, drugslm.hook.deliveries. Workflow Partition records
// drugslm.asset.materializations and drugslm.asset.materialization.duration through Temporal's handler, which records
// nothing during a replay: only a workflow knows of every end of a step. [Telemetry.TemporalMetrics] also takes the
// metrics of Temporal's SDK, temporal_*. An activity that is killed after it counted counts again when it is tried
// again: the ledger is exact, metrics are for graphs and alarms. No partition and no item is an attribute.
//
// # Traces
//
// A partition may take hours and thousands of requests, and trace stores refuse very large traces. So there is one
// trace for each run of workflows Partition and Deliver and one for each attempt of activity Batch; each has a link up
// to the span that started it, and "publish partition" has links down to its batches ([LinkTo]). All else is nested as usual. The
// ids of RunWorkflow spans are derived from what started them, so that a workflow replayed on another worker
// continues in the same trace.
//
// # Configuration
//
// [Start] reads OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL
// or OTEL_EXPORTER_OTLP_PROTOCOL (http/protobuf, which is the default, or grpc), OTEL_TRACES_EXPORTER (otlp, which is
// the default, or none), the same three with METRICS for TRACES, OTEL_METRIC_EXPORT_INTERVAL and
// OTEL_METRIC_EXPORT_TIMEOUT (milliseconds), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_SDK_DISABLED,
// OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. Headers, certificates, timeouts, compression and batch sizes are read by the exporter
// itself from their standard variables. Without an endpoint nothing is recorded, sent or complained about, but trace
// ids are made all the same, for the rows and the logs. Nothing global is set.
//
// Logs go to standard error, by slog, and not to the collector.
//
// # Secrets
//
// The portal's tokens, cookies and passwords must not leave the process. [Redact] takes them out of a text; [Do], the
// interceptor and [NewLogger] apply it to all error texts, log messages and log values. Span attributes are the
// caller's duty: pass a url.full through [Redact].
package telemetry
