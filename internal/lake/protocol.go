package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// The highest protocol versions of which we know what they ask for. Our own tables have lower ones: see schema.go.
const (
	knownReader = 3
	knownWriter = 7
)

// What the features of the Delta protocol are called in a table's protocol.
const (
	featureColumnMapping   = "columnMapping"
	featureDeletionVectors = "deletionVectors"
)

// harmless are the features that ask nothing of us as long as the table does not use them: whether it does is told by
// its properties, its schema and its files. All others are refused.
func harmless(feature string) bool {
	switch feature {
	case "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "identityColumns",
		"v2Checkpoint", "vacuumProtocolCheck", "domainMetadata", "timestampNtz", "inCommitTimestamp", featureColumnMapping, featureDeletionVectors:
		return true
	}
	return false
}

// Unsupported is the error of a table that another program changed so that this program cannot read it or must not write
// it. It is found before anything is written, and is of kind fault.Invalid.
type Unsupported struct {
	Location string
	Problem  string // "it has check constraints (price), which this program cannot check"
	By       Commit // that brought it about; without an operation where the log does not tell
	Good     int64  // the newest version without the problem; -1: none is told
}

// Error names the problem, and the commit that caused it.
func (u *Unsupported) Error() string {
	text := fmt.Sprintf("the table %s cannot be used: %s", u.Location, u.Problem)
	if u.By.Info.Operation != "" {
		text += fmt.Sprintf("; version %d did it, %s", u.By.Version, u.By.Description())
	}
	if u.Good >= 0 {
		text += fmt.Sprintf("; version %d is the last without it", u.Good)
	}
	return text
}

func (t *Table) unsupported(u Unsupported) error {
	u.Location = t.location
	return fault.Wrap(fault.Invalid, "use table", &u)
}

// readable refuses a state whose rows cannot be read.
func (t *Table) readable(ctx context.Context, s *Snapshot) error {
	return t.without(ctx, s, unreadable)
}

// Usable refuses a table that cannot be read, or that a publish must not change, before anything is staged. replaces
// says that files may be removed.
func (t *Table) Usable(ctx context.Context, replaces bool) error {
	s, err := t.Snapshot(ctx)
	if err != nil || s.Version < 0 {
		return err
	}
	if err := t.without(ctx, s, unwritable); err != nil {
		return err
	}
	if replaces {
		if err := t.without(ctx, s, appendOnly); err != nil {
			return err
		}
	}
	_, err = t.evolve(s.meta)
	return err
}

// without refuses a state that has a problem, and says since when.
func (t *Table) without(ctx context.Context, s *Snapshot, problem func(*Snapshot) string) error {
	if s.Version < 0 {
		return nil
	}
	what := problem(s)
	if what == "" {
		return nil
	}
	u := Unsupported{Problem: what, Good: -1}
	if err := t.blame(ctx, s.Version, problem, &u); err != nil {
		u.Good = -1 // the log does not tell: the problem is said all the same
	}
	return t.unsupported(u)
}

// blame finds the commit since which a table has a problem.
func (t *Table) blame(ctx context.Context, newest int64, problem func(*Snapshot) string, u *Unsupported) error {
	x, err := t.list(ctx)
	if err != nil {
		return err
	}
	from := x.first()
	s, _, err := t.start(ctx, from)
	if err != nil {
		return err
	}
	for had := true; s.Version < newest; {
		actions, err := t.readCommit(ctx, s.Version+1)
		if err != nil && (s.meta == nil || s.checkpoint <= s.Version) {
			return err
		}
		s.Version++
		if err := t.apply(s, actions); err != nil {
			return err
		}
		has := s.meta == nil || problem(s) != ""
		switch {
		case !has:
			u.Good = s.Version
		case !had:
			if u.By, err = t.commitOf(s.Version, actions); err != nil {
				return err
			}
		}
		had = has
	}
	return nil
}

// first is the oldest version of which the state can be told.
func (x index) first() int64 {
	if len(x.commits) > 0 && x.commits[0] == 0 || len(x.checkpoints) == 0 {
		return 0
	}
	return x.checkpoints[0].version
}

// unreadable says why the rows of a state cannot be read; "" when they can.
func unreadable(s *Snapshot) string {
	if why := unknown(s); why != "" {
		return why
	}
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		if s.files[path].added.Vector != nil {
			return fmt.Sprintf("it has deletion vectors, which this program does not read, at %s for one", path)
		}
	}
	return ""
}

// unknown says what a table asks of readers that is not known here; "" when it is nothing.
func unknown(s *Snapshot) string {
	switch p := s.proto; {
	case p.MinReader > knownReader:
		return fmt.Sprintf("it asks for reader version %d, this program knows %d", p.MinReader, knownReader)
	case p.MinReader == knownReader:
		for _, feature := range p.ReaderFeatures {
			if !harmless(feature) {
				return fmt.Sprintf("it asks readers for %q, which this program does not know", feature)
			}
		}
	}
	if mode := s.meta.Configuration["delta.columnMapping.mode"]; mode != "" && mode != "none" {
		return fmt.Sprintf("its columns are mapped by %s, which this program does not read", mode)
	}
	return ""
}

// unwritable says why a state must not be written; "" when it may be.
func unwritable(s *Snapshot) string {
	p := s.proto
	if p.MinWriter > knownWriter {
		return fmt.Sprintf("it asks for writer version %d, this program knows %d", p.MinWriter, knownWriter)
	}
	for _, feature := range p.WriterFeatures {
		if !harmless(feature) {
			return fmt.Sprintf("it asks writers for %q, which this program does not know", feature)
		}
	}
	if why := badProperty(s.meta.Configuration); why != "" {
		return why
	}
	var schema sparkSchema
	if err := json.Unmarshal([]byte(s.meta.SchemaString), &schema); err != nil {
		return fmt.Sprintf("its schema cannot be read: %v", err)
	}
	for _, c := range schema.Fields {
		for key := range c.Metadata {
			if key == "delta.invariants" || key == "delta.generationExpression" || key == "CURRENT_DEFAULT" || strings.HasPrefix(key, "delta.identity.") {
				return fmt.Sprintf("its column %s has %s, which this program cannot fulfil", c.Name, key)
			}
		}
	}
	return ""
}

// badProperty says which property of a table asks for what is not done here.
func badProperty(properties map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		value := properties[key]
		on := strings.EqualFold(value, "true")
		switch {
		case strings.HasPrefix(key, "delta.constraints."):
			return fmt.Sprintf("it has the check constraint %s (%.100s), which this program cannot check", strings.TrimPrefix(key, "delta.constraints."), value)
		case key == "delta.checkpointPolicy" && value != "classic",
			on && (key == "delta.enableChangeDataFeed" || key == "delta.enableInCommitTimestamps" || key == "delta.enableRowTracking" ||
				strings.HasPrefix(key, "delta.enableIcebergCompat") || key == "delta.enableIcebergWriterCompatV1"):
			return fmt.Sprintf("its property %s is %s, which this program cannot fulfil", key, value)
		}
	}
	return ""
}

// appendOnly says that rows may not be replaced; "" when they may.
func appendOnly(s *Snapshot) string {
	if strings.EqualFold(s.meta.Configuration["delta.appendOnly"], "true") {
		return "its property delta.appendOnly is true, so that no row that changed or vanished can be replaced"
	}
	return ""
}
