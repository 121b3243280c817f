// Package audit recomputes from the bottom that nothing is lost. Ledger, tables and files must tell the same story.
//
// For every partition of every asset: discovered = published + absent + quarantined + pending; each item that the
// ledger says has a row has exactly one in the table's latest version, in the part that the ledger says, and there are
// no other rows; each row is of the fingerprint and the code version that the ledger says; each PDF that a row names is stored with the bytes that its sha256 promises. An audit only reads. It
// may run beside a worker, but then a publish that happens in between shows as a finding, as does one that was cut
// short and that the next run corrects: run it again.
package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/versions"
)

// Subject is what is audited.
type Subject struct {
	Graph    *asset.Graph
	Ledger   *ledger.Ledger
	Table    func(*asset.Asset) *lake.Table
	Leaflets func(asset.Key) *lake.Blobs // the stored files that an asset's rows name
	Repair   bool                        // let the next run make the rows again that are of another fingerprint or code version
}

// Finding is one thing that does not add up.
type Finding struct {
	Asset     asset.Key `json:"asset"`
	Partition string    `json:"partition"`
	Subject   string    `json:"subject"` // an item, a file, or "counts"
	Problem   string    `json:"problem"`
	Repair    string    `json:"cure,omitempty"` // what to do about it, where that is known
}

// Report is the outcome of an audit.
type Report struct {
	Partitions int       `json:"partitions"`
	Items      int       `json:"items"`
	Rows       int       `json:"rows"`
	Files      int       `json:"files"`
	Findings   []Finding `json:"findings"` // empty: everything adds up
}

// File is a row that names a stored file.
type File interface {
	FileSHA256() string
}

// auditor is an audit in progress.
type auditor struct {
	Subject
	report       Report
	verified     map[string]bool // files by name: each is read once
	foreignFiles []Finding       // rows of the partition that are of another fingerprint or code version than the ledger says
}

// Run audits everything. An error means that it could not be done, not that something was found.
func Run(ctx context.Context, s Subject) (Report, error) {
	a := &auditor{Subject: s, report: Report{Findings: []Finding{}}, verified: make(map[string]bool)}
	for _, made := range s.Graph.All() {
		if made.External() {
			continue // it has no table
		}
		partitions, err := s.Ledger.EveryPartition(ctx, string(made.Key))
		if err != nil {
			return a.report, err
		}
		snapshot, err := s.Table(made).Snapshot(ctx)
		if a.refused(made, err) {
			continue // nothing can be said of its rows
		}
		if err != nil {
			return a.report, err
		}
		if err := s.Table(made).Usable(ctx, len(snapshot.Files("")) > 0); err != nil && !a.refused(made, err) {
			return a.report, err
		}
		if err := a.miscounted(ctx, made); err != nil {
			return a.report, err
		}
		moved, err := a.foreign(ctx, made)
		if err != nil {
			return a.report, err
		}
		known := make(map[string]bool)
		for _, key := range partitions {
			known[key] = true
			if err := a.partition(ctx, made, key, snapshot, moved[key]); err != nil {
				return a.report, fmt.Errorf("audit %s[%s]: %w", made.Key, key, err)
			}
		}
		for _, key := range snapshot.Partitions() {
			if !known[key] {
				a.found(made.Key, key, "partition", "the table has it, the ledger does not know it")
			}
		}
	}
	return a.report, nil
}

// miscounted reports partitions for which the ledger keeps other counts than its items have.
func (a *auditor) miscounted(ctx context.Context, made *asset.Asset) error {
	wrong, err := a.Ledger.Miscounts(ctx, string(made.Key))
	for _, m := range wrong {
		a.found(made.Key, m.Partition, "counts", "the ledger keeps the counts %+v, its items are %+v: the next run of the partition counts again", m.Kept, m.Found)
	}
	return err
}

// foreign reports what other programs did to a table and no run has followed yet, and gives by partition and item where the
// rows are that are as they were, in other files.
func (a *auditor) foreign(ctx context.Context, made *asset.Asset) (map[string]map[string]string, error) {
	k := versions.Maintainer{Graph: a.Graph, Ledger: a.Ledger, Table: a.Table, Now: a.Ledger.Now}
	drifts, err := k.ForeignChanges(ctx, made)
	if err != nil {
		return nil, err
	}
	moved := make(map[string]map[string]string)
	for _, drift := range drifts {
		if len(drift.Commits) == 0 {
			continue // the findings of its rows say it
		}
		d, err := k.Examine(ctx, made, drift.Partition)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue // a run has followed it
		}
		a.found(made.Key, d.Partition, "foreign commit", "%s: %d rows are in other files, %d changed, %d are gone, %d are of nobody", d.Description(), d.Followed, d.Changed, d.Missing, d.Unknown)
		moved[d.Partition] = d.Moved()
	}
	return moved, nil
}

// refused reports a table that another program, or damage, made unusable, with the command that helps; false for other errors
// and none.
func (a *auditor) refused(made *asset.Asset, err error) bool {
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.Corrupt {
		return false
	}
	a.report.Findings = append(a.report.Findings, Finding{Asset: made.Key, Subject: "table", Problem: err.Error(), Repair: versions.RepairCommand(made, err)})
	return true
}

func (a *auditor) found(key asset.Key, partition, subject, format string, args ...any) {
	a.report.Findings = append(a.report.Findings, Finding{Asset: key, Partition: partition, Subject: subject, Problem: fmt.Sprintf(format, args...)})
}

// page is how many items are read from the ledger at a time.
const page = 10_000

func (a *auditor) partition(ctx context.Context, made *asset.Asset, key string, snapshot *lake.Snapshot, moved map[string]string) error {
	a.report.Partitions++
	found := func(subject, format string, args ...any) { a.found(made.Key, key, subject, format, args...) }
	published, counted, err := a.items(ctx, string(made.Key), key)
	if err != nil {
		return err
	}
	for id, file := range moved {
		if e, ok := published[id]; ok {
			e.File = file
			published[id] = e
		}
	}
	counts, err := a.Ledger.Counts(ctx, string(made.Key), key)
	if err != nil {
		return err
	}
	if counts != counted {
		found("counts", "the ledger counts %+v, its items are %+v", counts, counted)
	}
	if sum := counts.Published + counts.Absent + counts.Quarantined + counts.Pending; sum != counts.Discovered {
		found("counts", "discovered %d, accounted for %d: %+v", counts.Discovered, sum, counts)
	}
	if err := a.rows(ctx, a.Table(made), made.Key, snapshot.Files(key), published, found); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(published)) {
		found(id, "should have its row in %q, but no row of it is there", published[id].File)
	}
	return a.mismatched(ctx, made.Key, key)
}

// mismatched reports the rows that are not of the fingerprint or the code version that the ledger says, and has them made again
// if that is asked for.
func (a *auditor) mismatched(ctx context.Context, key asset.Key, partition string) error {
	for _, f := range a.foreignFiles {
		f.Asset, f.Partition = key, partition
		f.Repair = "starter audit --repair lets the next run make it again"
		if a.Repair {
			err := a.Ledger.InvalidateRow(ctx, string(key), partition, f.Subject, f.Problem)
			switch {
			case fault.KindOf(err) == fault.Busy:
				f.Repair = "a run is at the partition: repair it once that has ended"
			case err != nil:
				return err
			default:
				f.Repair = "the next run of the partition makes it again"
			}
		}
		a.report.Findings = append(a.report.Findings, f)
	}
	a.foreignFiles = nil
	return nil
}

// compare holds where a row says it came from against what the ledger says. Rows of before fingerprints were kept in them
// have none, and items that are to be made again are of no fingerprint.
func (a *auditor) compare(e ledger.Entry, row any) {
	made, ok := row.(asset.Traced)
	if !ok || e.State != ledger.Published {
		return
	}
	p := made.Trace()
	switch {
	case p.CodeVersion != "" && e.CodeVersion != "" && p.CodeVersion != e.CodeVersion:
		a.foreignFiles = append(a.foreignFiles, Finding{Subject: e.ID, Problem: fmt.Sprintf("its row was made with code version %s, the ledger says %s", p.CodeVersion, e.CodeVersion)})
	case p.Fingerprint != "" && e.Fingerprint != "" && p.Fingerprint != e.Fingerprint:
		a.foreignFiles = append(a.foreignFiles, Finding{Subject: e.ID, Problem: fmt.Sprintf("its row is of fingerprint %s, the ledger says %s", p.Fingerprint, e.Fingerprint)})
	}
}

// items reads a partition's items: the part that should hold the row of each that has one, and a count by state.
func (a *auditor) items(ctx context.Context, key, partition string) (map[string]ledger.Entry, ledger.Counts, error) {
	parts := make(map[string]ledger.Entry)
	var c ledger.Counts
	waivers, err := a.Ledger.Waivers(ctx, key)
	if err != nil {
		return nil, c, err
	}
	waived := waivers[ledger.PartitionRef{Asset: key, Partition: partition}]
	filter := ledger.Filter{Asset: key, Partition: partition, Limit: page}
	for {
		entries, err := a.Ledger.Items(ctx, filter)
		if err != nil {
			return nil, c, err
		}
		for _, e := range entries {
			c.Discovered++
			switch e.State {
			case ledger.Published:
				c.Published++
			case ledger.Absent:
				c.Absent++
			case ledger.Quarantined:
				c.Quarantined++
				if _, ok := waived[e.ID]; ok {
					c.Waived++
				}
			default:
				c.Pending++
			}
			if e.File != "" || e.State == ledger.Published {
				parts[e.ID] = ledger.Entry{Item: ledger.Item{ID: e.ID, Fingerprint: e.Fingerprint}, State: e.State, CodeVersion: e.CodeVersion, File: e.File}
			}
			filter.After = e.ID
		}
		if len(entries) < page {
			a.report.Items += c.Discovered
			return parts, c, nil
		}
	}
}

// rows holds the table's rows against the items, crossing off those it finds.
func (a *auditor) rows(
	ctx context.Context, table *lake.Table, key asset.Key, files []lake.File, published map[string]ledger.Entry, found func(subject, format string, args ...any),
) error {
	for _, file := range files {
		rows := int64(0)
		for row, err := range table.Rows(ctx, file) {
			if err != nil {
				found(file.Path, "cannot be read: %v", err)
				break
			}
			rows++
			id := row.(asset.Row).ItemID()
			e, ok := published[id]
			switch {
			case !ok:
				found(id, "has a row in %s, but the ledger has no published item for it, or it has two rows", file.Path)
			case e.File != file.Path:
				found(id, "has its row in %s, the ledger says %s", file.Path, e.File)
			default:
				a.compare(e, row)
			}
			delete(published, id)
			if err := a.file(ctx, key, id, row, found); err != nil {
				return err
			}
		}
		a.report.Rows += int(rows)
		if rows != file.Rows {
			found(file.Path, "holds %d rows, the table's log says %d", rows, file.Rows)
		}
	}
	return nil
}

func (a *auditor) file(ctx context.Context, key asset.Key, id string, row any, found func(subject, format string, args ...any)) error {
	named, ok := row.(File)
	if !ok {
		return nil
	}
	sum := named.FileSHA256()
	blobs := a.Leaflets(key)
	path := blobs.Path(sum)
	if a.verified[path] {
		return nil
	}
	a.verified[path] = true
	a.report.Files++
	if err := blobs.Verify(ctx, sum); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found(id, "file %s: %v", sum, err)
	}
	return nil
}
