package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
)

// Span is the name of a span: "{verb} {object}", nothing variable in it.
type Span string

// The spans of the project. The package comment says what each covers.
const (
	StartRun           Span = "start run"
	PlanAssets         Span = "plan assets"
	DiscoverPartitions Span = "discover partitions"
	ListSource         Span = "list source"
	ObserveAsset       Span = "observe asset"
	EvaluateAutomation Span = "evaluate automation"
	SyncItems          Span = "sync items"
	MakeBatch          Span = "make batch"
	LeaseSession       Span = "lease session"
	OpenPage           Span = "open page"
	SendRequest        Span = "send request"
	StoreObject        Span = "store object"
	ExtractText        Span = "extract text"
	CheckAsset         Span = "check asset"
	PublishPartition   Span = "publish partition"
	DeliverEvents      Span = "deliver events"
)

// The attributes of the project's spans: attribute.Key has String, Int64 and so on to make a pair.
const (
	AssetKey         attribute.Key = "drugslm.asset.key"         // string
	AssetPartition   attribute.Key = "drugslm.asset.partition"   // string
	RunID            attribute.Key = "drugslm.run.id"            // string
	CodeVersion      attribute.Key = "drugslm.code_version"      // string
	ItemID           attribute.Key = "drugslm.item.id"           // string
	Batch            attribute.Key = "drugslm.batch"             // int, from 0
	Rows             attribute.Key = "drugslm.rows"              // int
	Bytes            attribute.Key = "drugslm.bytes"             // int
	ItemsTotal       attribute.Key = "drugslm.items.total"       // int
	ItemsDone        attribute.Key = "drugslm.items.done"        // int
	ItemsAbsent      attribute.Key = "drugslm.items.absent"      // int
	ItemsQuarantined attribute.Key = "drugslm.items.quarantined" // int
	ItemsFailed      attribute.Key = "drugslm.items.failed"      // int
	SessionID        attribute.Key = "drugslm.session.id"        // string
	LakeVersion      attribute.Key = "drugslm.lake.version"      // int
	CheckName        attribute.Key = "drugslm.check.name"        // string
)

// The metrics of the project: counters, a histogram of seconds, and three gauges. No attribute of theirs grows with the corpus:
// partitions and items are left to traces.
const (
	AssetChecks           = "drugslm.asset.checks"                   // asset, check, CheckOutcome, CheckBlocking
	AssetItems            = "drugslm.asset.items"                    // asset, ItemOutcome
	AssetMaterializations = "drugslm.asset.materializations"         // asset, MaterializationOutcome
	AssetDuration         = "drugslm.asset.materialization.duration" // the same; histogram of seconds
	AssetPartitions       = "drugslm.asset.partitions"               // asset, AssetState; gauge
	AssetAttempts         = "drugslm.asset.attempts"                 // asset, AttemptState; gauge of partitions
	AssetQuarantined      = "drugslm.asset.items.quarantined"        // asset; gauge
	HookDeliveries        = "drugslm.hook.deliveries"                // HookTarget, HookOutcome
)

// The attributes of metrics alone.
const (
	CheckOutcome           attribute.Key = "drugslm.check.outcome"           // CheckPassed, CheckFailed or CheckWarned
	CheckBlocking          attribute.Key = "drugslm.check.blocking"          // bool
	ItemOutcome            attribute.Key = "drugslm.item.outcome"            // ItemStaged, ItemAbsent or ItemQuarantined
	MaterializationOutcome attribute.Key = "drugslm.materialization.outcome" // one of the four below
	AssetState             attribute.Key = "drugslm.asset.state"             // "missing", "rolled_back", "stale" or "fresh"
	AttemptState           attribute.Key = "drugslm.attempt.state"           // "queued", "running", "waiting", "succeeded", "failed", …
	HookTarget             attribute.Key = "drugslm.hook.target"             // "webhook" or "command"
	HookOutcome            attribute.Key = "drugslm.hook.outcome"            // DeliveryDelivered, DeliveryFailed or DeliveryAbandoned
)

// The outcomes.
const (
	CheckPassed = "passed"
	CheckFailed = "failed" // it blocks the publish
	CheckWarned = "warned" // it does not

	ItemStaged      = "staged"
	ItemAbsent      = "absent"
	ItemQuarantined = "quarantined"

	MaterializationPublished = "published"
	MaterializationUnchanged = "unchanged"
	MaterializationFailed    = "failed"
	MaterializationCanceled  = "canceled"

	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed" // it is tried again
	DeliveryAbandoned = "abandoned"
)

// Attributes that OpenTelemetry's semantic conventions define.
const (
	URLFull            attribute.Key = "url.full"                  // string, redacted by the caller
	HTTPRequestMethod  attribute.Key = "http.request.method"       // string
	HTTPResponseStatus attribute.Key = "http.response.status_code" // int
	ErrorType          attribute.Key = "error.type"                // string: the fault kind, set by Do and the interceptor
)
