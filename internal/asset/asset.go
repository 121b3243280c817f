// Package asset says what an asset is: a named dataset with the code that makes it. An asset has dependencies, partitions, a
// row type and checks. The package knows no Temporal, no browser, no SQL and no disk.
//
// An asset is declared with a [Spec], typed by its row, and becomes an [Asset] without type parameters through
// [New], so that lists, graphs and plans are plain values. A Spec has one of three forms:
//
//   - List: the source itself shows every item together with its row (an index, a catalog).
//   - Items and Make: what there is to do is known from upstream rows, and each item is made by itself, in batches
//     (a download, an extraction).
//   - Derive: the rows of a partition follow from upstream rows all together (the sections of all documents).
//
// Either way the engine (packages activities and workflows) keeps each item in the ledger, stages rows, runs the
// checks and publishes a partition in one step. A [Graph] validates a list of assets once; [Graph.Select] resolves
// what a user types; a [View] of what the ledger knows says how partitions stand, and [View.Plan] what a run would do and why.
// What others make is declared with [External], and only looked at.
//
// Everything here is immutable after New and NewGraph, and safe for use by several goroutines.
package asset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// Key names an asset: "group/name", lower case. It is written into histories, tables and the ledger: never renamed.
type Key string

var keyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$`)

// Group is the part of the key before the "/".
func (k Key) Group() string {
	group, _, _ := strings.Cut(string(k), "/")
	return group
}

// Queue names the kind of worker slot that work needs; it becomes part of a Temporal task queue's name.
type Queue string

// The queues of a worker.
const (
	// QueueOrchestrate runs workflows, planning, checks and publishing: quick, many at once.
	QueueOrchestrate Queue = "orchestrate"
	// QueueBrowser has one slot for each browser session.
	QueueBrowser Queue = "browser"
	// QueueHTTP has slots for work that asks a source without a browser.
	QueueHTTP Queue = "http"
	// QueueExtract has one slot for each core.
	QueueExtract Queue = "extract"
)

// Item is the smallest thing that can succeed or fail by itself inside a partition.
type Item struct {
	ID          string // unique within its partition, stable over days: "1156882/patient"
	Label       string // for people
	From        string // the upstream item it is made from, where that has another id: "1156882"
	Fingerprint string // changes when the source's side of the item changes
	Input       []byte // what Make needs to know of it: JSON, at most 4 KiB

	// Previous is the row that the table has of the item, made when it had another fingerprint, for Make of a Durable asset: what it was
	// made from may be there already. nil: there is none, or the run makes everything again.
	Previous Row
}

// Listing is what the source says of a listing as a whole.
type Listing struct {
	Total    int    // the number of distinct items the source declares
	Snapshot string // the state of the source that was listed; "" when it has no notion of one

	// Day is the source's own day of data, AAAA-MM-DD, when it rebuilds its listing from day to day: then an item that
	// is not listed any more vanishes only when the listing of a later day does not name it either. "": at once.
	Day string
}

// Retry bounds how often work is tried again.
type Retry struct {
	Attempts     int           `json:"attempts"`      // of one activity, waits that the source asked for not counted; default 5
	ItemAttempts int           `json:"item_attempts"` // of one item before it is quarantined; default 3
	Interval     time.Duration `json:"interval"`      // before the second attempt, doubling up to MaxInterval; default 2 s
	MaxInterval  time.Duration `json:"max_interval"`  // default 2 min
}

// Spec declares an asset whose rows are of type T.
type Spec[T Row] struct {
	Key         Key
	Description string
	Grain       string            // what one row is, for people: "a leaflet of a product"
	IDFormat    string            // how an item's ID is made of columns, for people: "id_produto/audience"
	Owners      []string          // mail addresses, or "team:" and a name
	Tags        map[string]string // for selections and for people: {"domain": "regulatory"}
	Kinds       []string          // what it is made of or by: "parquet", "pdf", "browser"
	Deps        []Dep             // Input refuses any other, so lineage cannot lie
	Partitions  *Partitions       // shared by every asset that is partitioned alike
	Location    string            // where the table lies in the lake: "interim/anvisa/catalog"
	CodeVersion string            // raise it when the same input gives other rows
	Queue       Queue             // what List, or Items' Make, needs
	Retry       Retry
	Timeout     time.Duration // of one activity: a listing, or a batch; default 15 min
	BatchSize   int           // items in one activity; default 100
	Checks      []Check[T]
	Freshness   *Freshness // nil: nothing is promised
	Automation  Condition  // when it is materialized by itself; the zero value: never

	// List shows every item of the partition with its row, and says what the source declares.
	// Item.ID is the row's ItemID; an item emitted again replaces itself.
	List func(ctx context.Context, run Run, emit func(Item, T) error) (Listing, error)

	// Items lists what there is to make, complete: an item that is not named any more becomes absent.
	Items func(ctx context.Context, run Run, emit func(Item) error) error
	// Make makes the items of one batch and calls report once for each, in any order, from one goroutine. An
	// error given to report is about that item; an error from Make, or from report, ends the batch.
	Make func(ctx context.Context, run Run, batch []Item, report Report[T]) error
	// Durable: making an item is expensive (it costs a request), so its row goes to the ledger at once and a killed
	// batch repeats nothing. For rows of at most a few KiB.
	Durable bool

	// Derive emits every row of the partition, made from rows of the inputs and nothing else. It is run twice: once for
	// the items, and once for the rows of those that are new or changed, so that only one row need be in memory. The same
	// inputs must give the same rows, and each item once. A partition whose inputs and code have not changed is left alone.
	Derive func(ctx context.Context, run Run, emit func(Item, T) error) error

	// Cost says what a step will ask of the source. Nil: making the asset asks the source nothing.
	Cost Costs
	// Recompute makes a row again from the one the item has, and from what is stored, when only the code is newer. It
	// asks the source nothing. An error of kind fault.NotFound says that what is stored is gone: then Make is asked.
	// Nil: a newer code makes every item by Make.
	Recompute func(ctx context.Context, run Run, old T) (T, error)
}

// Report takes what became of an item: a row, whose ItemID is the item's ID, or the error that says why there is none.
type Report[T any] func(id string, row T, err error) error

// Asset is a declared asset, its row type erased. The zero value is not usable: see [New].
type Asset struct {
	Key         Key
	Description string
	Grain       string
	IDFormat    string
	Owners      []string
	Tags        map[string]string
	Kinds       []string
	Deps        []Dep
	Partitions  *Partitions
	Location    string
	CodeVersion string
	Queue       Queue
	Retry       Retry
	Timeout     time.Duration
	BatchSize   int
	Durable     bool
	Codec       rows.Codec // reads and writes its rows
	Checks      []ErasedCheck
	Freshness   *Freshness
	Automation  Condition

	list   func(ctx context.Context, run Run, emit func(Item, Row) error) (Listing, error)
	items  func(ctx context.Context, run Run, emit func(Item) error) error
	make   func(ctx context.Context, run Run, batch []Item, report Report[Row]) error
	derive func(ctx context.Context, run Run, emit func(Item, Row) error) error

	cost      Costs
	recompute func(ctx context.Context, run Run, old Row) (Row, error)

	observe func(ctx context.Context, run Run) (Observation, error)

	problems []error // reported by NewGraph, all together
}

// New declares an asset. It never fails: what is wrong with the Spec is reported by [NewGraph], with the mistakes
// of all other assets.
func New[T Row](s Spec[T]) *Asset {
	codec, err := rows.Of[T]()
	a := &Asset{
		Key: s.Key, Description: s.Description, Grain: s.Grain, IDFormat: s.IDFormat, Owners: slices.Clone(s.Owners), Tags: maps.Clone(s.Tags), Kinds: slices.Clone(s.Kinds),
		Deps: slices.Clone(s.Deps), Partitions: s.Partitions, Location: s.Location,
		CodeVersion: s.CodeVersion, Queue: s.Queue, Retry: s.Retry.withDefaults(),
		Timeout: orElse(s.Timeout, 15*time.Minute), BatchSize: orElse(s.BatchSize, 100),
		Durable: s.Durable, Codec: codec, items: s.enumeration(), derive: s.derived(), Freshness: s.Freshness, Automation: s.Automation, cost: s.Cost,
	}
	for _, c := range s.checks() {
		a.Checks = append(a.Checks, c.erase())
	}
	if s.List != nil {
		a.list = func(ctx context.Context, run Run, emit func(Item, Row) error) (Listing, error) {
			return s.List(ctx, run, s.belonging(emit))
		}
	}
	if s.Make != nil {
		a.make = func(ctx context.Context, run Run, batch []Item, report Report[Row]) error {
			fingerprints := make(map[string]string, len(batch))
			for _, item := range batch {
				fingerprints[item.ID] = item.Fingerprint
			}
			return s.Make(ctx, run, batch, func(id string, row T, err error) error {
				if err != nil {
					return report(id, nil, err)
				}
				if err := belongs(s.Key, id, row); err != nil {
					return err
				}
				return report(id, boundTo(row, fingerprints[id]), nil)
			})
		}
	}
	if s.Recompute != nil {
		a.recompute = func(ctx context.Context, run Run, old Row) (Row, error) {
			row, err := s.Recompute(ctx, run, old.(T))
			if err != nil {
				return nil, err
			}
			if was, ok := old.(Traced); ok {
				row = boundTo(row, was.Trace().Fingerprint) // only the code is newer
			}
			return row, belongs(s.Key, old.ItemID(), row)
		}
	}
	a.problems = append(s.problems(), prefix(s.Key, err)...)
	return a
}

// checks are those that are declared, and the rate of quarantined items where items can be quarantined.
func (s Spec[T]) checks() []Check[T] {
	if s.Make == nil || slices.ContainsFunc(s.Checks, func(c Check[T]) bool { return c.Name == quarantineRate }) {
		return s.Checks
	}
	return append(slices.Clone(s.Checks), QuarantineRate[T](DefaultQuarantineRate))
}

// belongs refuses a row that names another item than the one it is given for: the row would outlive its item.
func belongs(key Key, id string, row Row) error {
	if id == "" || row.ItemID() != id {
		return fault.New(fault.Invalid, "take row", "%s gives the row of %q for item %q", key, row.ItemID(), id)
	}
	return nil
}

// Lists reports whether the source shows the items with their rows (Spec.List) rather than one by one.
func (a *Asset) Lists() bool { return a.list != nil }

// List runs Spec.List.
func (a *Asset) List(ctx context.Context, run Run, emit func(Item, Row) error) (Listing, error) {
	return a.list(ctx, run, emit)
}

// Items runs Spec.Items, or Spec.Derive for the items alone.
func (a *Asset) Items(ctx context.Context, run Run, emit func(Item) error) error {
	return a.items(ctx, run, emit)
}

// Make runs Spec.Make.
func (a *Asset) Make(ctx context.Context, run Run, batch []Item, report Report[Row]) error {
	return a.make(ctx, run, batch, report)
}

func (s Spec[T]) problems() []error {
	var errs []error
	add := func(wrong bool, text string) {
		if wrong {
			errs = append(errs, prefix(s.Key, errors.New(text))...)
		}
	}
	add(!keyPattern.MatchString(string(s.Key)), `a key is "group/name" of lower-case letters, digits and _`)
	add(s.Location == "", "Location is empty")
	add(s.CodeVersion == "", "CodeVersion is empty")
	add(s.Queue == "", "Queue is empty")
	errs = append(errs, describes(s.Key, s.Owners, s.Tags, s.Kinds, s.Partitions)...)
	errs = append(errs, checkPolicies(s.Key, s.Freshness, s.Automation, s.Partitions)...)
	least := min(int64(s.Timeout), int64(s.BatchSize), s.Retry.least())
	add(least < 0, "Timeout, BatchSize and Retry must not be negative")
	add(!s.oneForm(), "wants either List, or Items and Make, or Derive")
	add(s.Derive != nil && s.Cost != nil, "Derive makes rows from its inputs and asks the source nothing: it has no Cost")
	add(s.Recompute != nil && s.Make == nil, "Recompute is for items that are made one by one")
	names := slices.Clone(engine)
	for _, c := range s.Checks {
		for _, err := range c.problems(names) {
			errs = append(errs, prefix(s.Key, err)...)
		}
		names = append(names, c.Name)
	}
	return errs
}

// oneForm reports whether the Spec has one of the three forms, and nothing of another.
func (s Spec[T]) oneForm() bool {
	forms := 0
	for _, has := range []bool{s.List != nil, s.Items != nil || s.Make != nil, s.Derive != nil} {
		if has {
			forms++
		}
	}
	return forms == 1 && (s.Items != nil) == (s.Make != nil)
}

var (
	ownerPattern = regexp.MustCompile(`^(team:[a-z0-9][a-z0-9._-]*|[^@\s]+@[^@\s]+)$`)
	wordPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$`)
)

// describes says what is wrong with what every kind of asset has.
func describes(key Key, owners []string, tags map[string]string, kinds []string, set *Partitions) []error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, prefix(key, fmt.Errorf(format, args...))...)
		}
	}
	for _, owner := range owners {
		add(!ownerPattern.MatchString(owner), `owner %q is neither a mail address nor "team:name"`, owner)
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		add(!wordPattern.MatchString(name), "tag %q: want letters, digits, and - _ . / between them", name)
		add(tags[name] != "" && !wordPattern.MatchString(tags[name]), "tag %q: the value %q wants letters, digits, and - _ . / between them", name, tags[name])
	}
	for _, kind := range kinds {
		add(!wordPattern.MatchString(kind), "kind %q: want letters, digits, and - _ . / between them", kind)
	}
	if set == nil {
		return append(errs, prefix(key, errors.New("Partitions is nil"))...)
	}
	for _, err := range set.mistakes() {
		errs = append(errs, prefix(key, fmt.Errorf("partitions %q: %w", set.Name, err))...)
	}
	return errs
}

// checkPolicies says what is wrong with an asset's policy and condition.
func checkPolicies(key Key, f *Freshness, c Condition, set *Partitions) []error {
	var errs []error
	for _, err := range append(f.mistakes(set), c.mistakes()...) {
		errs = append(errs, prefix(key, err)...)
	}
	return errs
}

func (r Retry) least() int64 {
	return min(int64(r.Attempts), int64(r.ItemAttempts), int64(r.Interval), int64(r.MaxInterval))
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Attempts: orElse(r.Attempts, 5), ItemAttempts: orElse(r.ItemAttempts, 3),
		Interval: orElse(r.Interval, 2*time.Second), MaxInterval: orElse(r.MaxInterval, 2*time.Minute),
	}
}

func orElse[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func prefix(key Key, err error) []error {
	if err == nil {
		return nil
	}
	return []error{fmt.Errorf("asset %q: %w", key, err)}
}
