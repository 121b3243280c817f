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
	EnrolItems         Span = "enrol items"
	MakeBatch          Span = "make batch"
	LeaseSession       Span = "lease session"
	OpenPage           Span = "open page"
	SendRequest        Span = "send request"
	StoreObject        Span = "store object"
	ExtractText        Span = "extract text"
	CheckAsset         Span = "check asset"
	PublishPartition   Span = "publish partition"
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

// Attributes that OpenTelemetry's semantic conventions define.
const (
	URLFull            attribute.Key = "url.full"                  // string, redacted by the caller
	HTTPRequestMethod  attribute.Key = "http.request.method"       // string
	HTTPResponseStatus attribute.Key = "http.response.status_code" // int
	ErrorType          attribute.Key = "error.type"                // string: the fault kind, set by Do and the interceptor
)
