package lake

import (
	"encoding/json"
	"strconv"
	"time"

	"drugslm/internal/fault"
)

// CommitInfo describes the origin of a version of a table. Every field may be empty.
type CommitInfo struct {
	Operation   string            `json:"-"` // "MATERIALIZE", "ROLLBACK", "FENCE"; "WRITE" when empty
	Run         string            `json:"run,omitempty"`
	Trace       string            `json:"trace,omitempty"`
	CodeVersion string            `json:"codeVersion,omitempty"`
	Snapshot    string            `json:"snapshot,omitempty"` // which state of the source it shows
	Upstream    map[string]int64  `json:"upstream,omitempty"` // the versions of the tables it was made from
	Rows        int64             `json:"rows"`
	Checks      map[string]string `json:"checks,omitempty"` // each check's outcome
	Rollback    *Rollback         `json:"rollback,omitempty"`
	Time        time.Time         `json:"-"` // kept to the millisecond; the time of the commit when zero
	Engine      string            `json:"-"` // which program made it: set when read
}

// Rollback says which version a commit brought back.
type Rollback struct {
	From int64 `json:"from"` // the version that readers had
	To   int64 `json:"to"`   // the version they have again
}

// commitInfo is its form in the log: once field by field, for readers of the log as JSON, and once as the
// text userMetadata, since that is what Spark shows of a table's history.
type commitInfo struct {
	CommitInfo
	Timestamp    int64          `json:"timestamp"` // ms
	Operation    string         `json:"operation"`
	Parameters   map[string]any `json:"operationParameters"`
	Metrics      map[string]any `json:"operationMetrics,omitempty"`
	Engine       string         `json:"engineInfo"`
	Append       bool           `json:"isBlindAppend"`
	UserMetadata string         `json:"userMetadata,omitempty"`
}

// engine names this program in the log.
const engine = "drugslm"

// UnmarshalJSON accepts what another program writes about its commit, which the protocol does not define. Values of
// other types than ours are ignored.
func (i *commitInfo) UnmarshalJSON(b []byte) error {
	type strict commitInfo
	if json.Unmarshal(b, (*strict)(i)) == nil {
		return nil
	}
	*i = commitInfo{}
	var loose map[string]json.RawMessage
	if err := json.Unmarshal(b, &loose); err != nil {
		return err
	}
	for name, into := range map[string]any{"timestamp": &i.Timestamp, "operation": &i.Operation, "engineInfo": &i.Engine, "operationParameters": &i.Parameters} {
		_ = json.Unmarshal(loose[name], into) // or it stays empty
	}
	return nil
}

// logged gives the log's form of c's info.
func (t *Table) logged(c Change, now time.Time) (*commitInfo, error) {
	text, err := json.Marshal(c.Info)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "write commit", err)
	}
	operation := c.Info.Operation
	if operation == "" {
		operation = "WRITE"
	}
	parameters := map[string]any{}
	if t.partition != "" && !c.whole() {
		parameters["partition"] = c.Partition
	}
	return &commitInfo{
		CommitInfo: c.Info, Timestamp: now.UnixMilli(), Operation: operation, Parameters: parameters,
		Metrics: map[string]any{
			"numAddedFiles": strconv.Itoa(len(c.Add)), "numRemovedFiles": strconv.Itoa(len(c.Remove)),
		},
		Engine: engine, Append: len(c.Remove) == 0, UserMetadata: string(text),
	}, nil
}

// read gives back the info that was logged.
func (i commitInfo) read() CommitInfo {
	info := i.CommitInfo
	info.Operation, info.Engine = i.Operation, i.Engine
	info.Time = time.UnixMilli(i.Timestamp).UTC()
	return info
}
