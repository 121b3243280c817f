// Package lineage follows one item through the assets: from the row of the source to what was made of it.
//
// [Why] reads the ledger and the tables. For each link it gives the state, the run and the trace that made its row, and what
// the next run would do with it.
package lineage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
	"drugslm/internal/rows"
)

// Link is one item in the chain from the source's row to what was made of it.
type Link struct {
	Asset       asset.Key       `json:"asset"`
	Partition   asset.Partition `json:"partition"`
	Item        string          `json:"item"`
	Label       string          `json:"label"`
	From        string          `json:"from,omitempty"` // the upstream item it is made from, where that has another id
	State       ledger.State    `json:"state"`
	Kind        string          `json:"kind,omitempty"`   // of the failure or the absence
	Reason      string          `json:"reason,omitempty"` // why it is in this state
	Evidence    string          `json:"evidence,omitempty"`
	Fingerprint string          `json:"fingerprint"`
	Attempts    int             `json:"attempts"`
	FirstSeen   time.Time       `json:"first_seen"`
	Updated     time.Time       `json:"updated"`
	RunID       string          `json:"run_id"`           // that last took it up
	CodeVersion string          `json:"code_version"`     // under which it is or was made
	CodeNow     string          `json:"code_version_now"` // of the asset
	Decision    Decision        `json:"verdict"`
	Table       *Place          `json:"table"`                     // null: no row of it is published
	Made        *Origin         `json:"made"`                      // null: no row of it can be read
	Row         rows.Fields     `json:"row"`                       // in short; null as made
	Missing     []string        `json:"missing"`                   // links of the chain that are not there, and why
	Aggregated  []Aggregated    `json:"aggregated_from,omitempty"` // what it is made from, where that is no single item

	MissingSince string `json:"missing_since,omitempty"` // the source's day of the first complete listing that did not show it; none: the last one did
	Waived       string `json:"waived,omitempty"`        // who let it stay quarantined, when and why
}

// Decision is what the next run would do with an item.
type Decision struct {
	Would  string     `json:"would"` // fetch, recompute, publish, tombstone, nothing, or ask: only the source knows
	Axis   asset.Axis `json:"axis,omitempty"`
	Reason string     `json:"reason"`
}

// Place is where readers find a row.
type Place struct {
	Location string     `json:"location"` // folder of the table, in the lake
	Version  int64      `json:"version"`  // in which the row came
	Since    *time.Time `json:"since"`    // null: the publish is not on record
	Part     string     `json:"part"`

	Workflow  string `json:"workflow,omitempty"`  // that published the row, and its execution; none: not on record, or made by a build that did not record them
	Execution string `json:"execution,omitempty"` // Temporal's run id
}

// Origin is where a row came from, as the row itself says.
type Origin struct {
	RunID       string    `json:"run_id"`
	TraceID     string    `json:"trace_id"`
	CodeVersion string    `json:"code_version"`
	FetchedAt   time.Time `json:"fetched_at"`
	SourceURL   string    `json:"source_url"`
}

// Why follows an item: upstream to the source, and downstream to what is made of it. key and partition narrow down
// which item is meant; empty ones mean any. An item that is not known is fault.Invalid, with the nearest ids.
func Why(ctx context.Context, eng *materialize.Engine, item string, key asset.Key, partition string) ([]Link, error) {
	state, err := planning.LoadState(ctx, eng.Graph, eng.Ledger)
	if err != nil {
		return nil, err
	}
	c := &chain{eng: eng, view: eng.Graph.View(state), links: make(map[place]*Link), climbed: make(map[place]bool), descended: make(map[place]bool), previews: make(map[ledger.PartitionRef]previewed)}
	if key != "" {
		if _, err := eng.Graph.Get(key); err != nil {
			return nil, err
		}
	}
	found, err := c.find(ctx, ledger.Filter{Asset: string(key), Partition: partition, ID: item})
	if err == nil && len(found) == 0 {
		found, err = c.find(ctx, ledger.Filter{Asset: string(key), Partition: partition, Origin: item})
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, c.unknown(ctx, item)
	}
	for _, e := range found {
		if err := c.up(ctx, e); err != nil {
			return nil, err
		}
		if err := c.down(ctx, e); err != nil {
			return nil, err
		}
	}
	return c.sorted(), nil
}

type place struct{ asset, partition, id string }

// chain is what is found of an item, upstream and downstream.
type chain struct {
	eng       *materialize.Engine
	view      *asset.View
	links     map[place]*Link
	climbed   map[place]bool // links whose upstream is there
	descended map[place]bool // links whose downstream is there
	previews  map[ledger.PartitionRef]previewed
}

type previewed struct {
	ledger.Preview
	unread string // why there is no preview
}

// find reads items of assets that are declared.
func (c *chain) find(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	f.Limit = maxBranch + 1
	entries, err := c.eng.Ledger.Items(ctx, f)
	return slices.DeleteFunc(entries, func(e ledger.Entry) bool {
		_, err := c.eng.Graph.Get(asset.Key(e.Asset))
		return err != nil
	}), err
}

func (c *chain) unknown(ctx context.Context, item string) error {
	near, err := c.eng.Ledger.NearestItems(ctx, item)
	if err != nil {
		return err
	}
	if len(near) == 0 {
		return fault.New(fault.Invalid, "", "item %q is unknown: nothing has been materialized yet", item)
	}
	return nearest.Unknown("item", item, near, "starter items list")
}

// up adds an item and all that it is made from.
func (c *chain) up(ctx context.Context, e ledger.Entry) error {
	at := place{e.Asset, e.Partition, e.ID}
	if c.climbed[at] {
		return nil
	}
	c.climbed[at] = true
	link, err := c.add(ctx, e)
	if err != nil {
		return err
	}
	made, _ := c.eng.Graph.Get(link.Asset) // found before
	followed := len(made.Deps) == 0
	for _, dep := range made.Deps {
		partitions, err := c.view.Upstream(made, e.Partition, dep.Key)
		if err != nil {
			return err
		}
		id := cmp.Or(e.Origin, e.ID)
		ups, err := c.find(ctx, ledger.Filter{Asset: string(dep.Key), ID: id})
		if err != nil {
			return err
		}
		for _, up := range ups {
			if !slices.Contains(partitions, up.Partition) {
				continue
			}
			followed = true
			if err := c.up(ctx, up); err != nil {
				return err
			}
		}
	}
	if followed {
		return nil
	}
	if made.Derives() && e.Origin == "" && e.State != ledger.Absent {
		link.Aggregated, err = c.aggregated(ctx, made, e.Partition)
		return err
	}
	link.Missing = append(link.Missing, fmt.Sprintf("upstream: no item %q is known of %s", cmp.Or(e.Origin, e.ID), depNames(made)))
	return nil
}

func depNames(made *asset.Asset) string {
	text := ""
	for i, dep := range made.Deps {
		if i > 0 {
			text += " or "
		}
		text += string(dep.Key)
	}
	return text
}

// maxBranch is how many items that are made from one are followed.
const maxBranch = 50

// down adds all that is made of an item.
func (c *chain) down(ctx context.Context, e ledger.Entry) error {
	at := place{e.Asset, e.Partition, e.ID}
	if c.descended[at] {
		return nil
	}
	c.descended[at] = true
	link, err := c.add(ctx, e)
	if err != nil {
		return err
	}
	for _, next := range c.eng.Graph.All() {
		if next.External() || !slices.ContainsFunc(next.Deps, func(d asset.Dep) bool { return string(d.Key) == e.Asset }) {
			continue
		}
		partitions, err := c.view.Downstream(next, asset.Key(e.Asset), e.Partition)
		if err != nil {
			return err
		}
		downs, err := c.madeFrom(ctx, next, e, partitions)
		switch {
		case err != nil:
			return err
		case len(downs) == 0:
			aggregates, err := c.aggregates(ctx, next, partitions)
			if err != nil {
				return err
			}
			if aggregates {
				link.Missing = append(link.Missing, fmt.Sprintf("downstream: %s aggregates rows, and does not say of which items", next.Key))
				continue
			}
			link.Missing = append(link.Missing, fmt.Sprintf("downstream: %s has made nothing of it", next.Key))
			continue
		case len(downs) > maxBranch:
			link.Missing = append(link.Missing, fmt.Sprintf("downstream: more than %d items of %s are made from it: ask about one of them", maxBranch, next.Key))
			continue
		}
		for _, down := range downs {
			if err := c.down(ctx, down); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *chain) madeFrom(ctx context.Context, next *asset.Asset, e ledger.Entry, partitions []string) ([]ledger.Entry, error) {
	same, err := c.find(ctx, ledger.Filter{Asset: string(next.Key), ID: e.ID})
	if err != nil {
		return nil, err
	}
	of, err := c.find(ctx, ledger.Filter{Asset: string(next.Key), Origin: e.ID})
	same = slices.DeleteFunc(same, func(d ledger.Entry) bool { return d.Origin != "" }) // it is made from another
	return slices.DeleteFunc(append(same, of...), func(d ledger.Entry) bool { return !slices.Contains(partitions, d.Partition) }), err
}

// add takes one item in, once.
func (c *chain) add(ctx context.Context, e ledger.Entry) (*Link, error) {
	at := place{e.Asset, e.Partition, e.ID}
	if link, seen := c.links[at]; seen {
		return link, nil
	}
	made, err := c.eng.Graph.Get(asset.Key(e.Asset))
	if err != nil {
		return nil, err
	}
	link := &Link{
		Asset: made.Key, Partition: asset.Partition{Key: e.Partition, Label: e.Partition}, Item: e.ID, Label: e.Label, From: e.Origin,
		State: e.State, Kind: e.Kind, Reason: e.Reason, Evidence: e.Evidence, Fingerprint: e.Fingerprint, Attempts: e.Attempts,
		FirstSeen: e.FirstSeen, Updated: e.Updated, RunID: e.Run, CodeVersion: e.CodeVersion, CodeNow: made.CodeVersion, Missing: []string{},
	}
	if keys := c.view.Keys(made); keys.Index(e.Partition) >= 0 {
		link.Partition = keys.All()[keys.Index(e.Partition)]
	} else {
		link.Missing = append(link.Missing, "partition: it is not listed any more")
	}
	c.links[at] = link
	if err := c.marks(ctx, e, link); err != nil {
		return link, err
	}
	if link.Decision, err = c.decision(ctx, made, link.Partition, e); err != nil {
		return link, err
	}
	switch {
	case link.MissingSince != "":
		link.Decision.Reason = "not listed on " + link.MissingSince + ": it vanishes if the listing of a later day does not show it either"
	case link.Waived != "" && link.Decision.Would == wouldNothing:
		link.Decision.Reason = "waived: it stays quarantined until its fingerprint changes, or until starter items unwaive"
	}
	return link, c.row(ctx, made, e, link)
}

// marks adds what is noted beside an item, so that its state is not the whole truth.
func (c *chain) marks(ctx context.Context, e ledger.Entry, link *Link) error {
	here := ledger.PartitionRef{Asset: e.Asset, Partition: e.Partition}
	missing, err := c.eng.Ledger.Unlisted(ctx, e.Asset, e.Partition)
	if err != nil {
		return err
	}
	link.MissingSince = missing[here][e.ID].Day
	waivers, err := c.eng.Ledger.Waivers(ctx, e.Asset)
	if w, waived := waivers[here][e.ID]; waived {
		link.Waived = fmt.Sprintf("by %s on %s: %s", w.Author, w.Since.Format(time.DateOnly), w.Note)
	}
	return err
}

// longestShown is how many characters of a column are shown.
const longestShown = 120

// row finds the row of an item and says where it came from.
func (c *chain) row(ctx context.Context, made *asset.Asset, e ledger.Entry, link *Link) error {
	if e.File == "" {
		link.Missing = append(link.Missing, fmt.Sprintf("row: it has none in the table, it is %s", e.State))
		return nil
	}
	link.Table = &Place{Location: made.Location, Part: e.File, Version: c.view.Record(made.Key, e.Partition).Version}
	for row, err := range c.eng.Table(made).Rows(ctx, lake.File{Path: e.File, Partition: e.Partition}) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			link.Missing = append(link.Missing, "row: "+err.Error())
			return nil
		}
		if row.(asset.Row).ItemID() != e.ID {
			continue
		}
		fields, err := made.Codec.Brief(row, longestShown)
		if err != nil {
			return err
		}
		link.Row, link.Made = parted(fields)
		run := e.Run // of a published item: that which published it
		if e.State != ledger.Published {
			run = link.Made.RunID
		}
		m, ok, err := c.eng.Ledger.PublishedBy(ctx, e.Asset, e.Partition, run)
		if ok {
			link.Table.Version, link.Table.Since = m.Version, &m.Finished
			link.Table.Workflow, link.Table.Execution = m.Workflow, m.Execution
		}
		return err
	}
	link.Missing = append(link.Missing, fmt.Sprintf("row: part %s does not hold it: starter audit tells more", e.File))
	return nil
}

// parted takes the provenance out of a row's columns.
func parted(fields rows.Fields) (rows.Fields, *Origin) {
	made := &Origin{}
	var rest rows.Fields
	for _, f := range fields {
		text, _ := f.Value.(string)
		switch f.Name {
		case "run_id":
			made.RunID = text
		case "trace_id":
			made.TraceID = text
		case "code_version":
			made.CodeVersion = text
		case "source_url":
			made.SourceURL = text
		case "fetched_at":
			made.FetchedAt, _ = f.Value.(time.Time)
		default:
			rest = append(rest, f)
		}
	}
	return rest, made
}

// sorted gives the links, upstream first.
func (c *chain) sorted() []Link {
	order := make(map[asset.Key]int)
	for i, a := range c.eng.Graph.All() {
		order[a.Key] = i
	}
	links := make([]Link, 0, len(c.links))
	for _, l := range c.links {
		links = append(links, *l)
	}
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(order[a.Asset], order[b.Asset]), cmp.Compare(a.Partition.Key, b.Partition.Key), cmp.Compare(a.Item, b.Item))
	})
	return links
}
