package lineage

import (
	"context"
	"fmt"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// What the next run would do with an item.
const (
	wouldFetch     = "fetch"
	wouldRecompute = "recompute"
	wouldPublish   = "publish"
	wouldTombstone = "tombstone"
	wouldAsk       = "ask"
	wouldNothing   = "nothing"
)

// decision says what the next run would do with an item, and why: of an asset that lists, only the source can tell.
func (c *chain) decision(ctx context.Context, made *asset.Asset, partition asset.Partition, e ledger.Entry) (Decision, error) {
	if made.Lists() {
		if e.State != ledger.Absent && e.CodeVersion != made.CodeVersion {
			return Decision{wouldFetch, asset.CodeAxis, codeChange(e.CodeVersion, made.CodeVersion) + ": the next listing makes it again"}, nil
		}
		return Decision{Would: wouldAsk, Reason: "whether the source changed is known when it is listed again"}, nil
	}
	if made.Derives() {
		return c.derivedDecision(made, partition, e), nil
	}
	p, err := c.previewOf(ctx, made, partition)
	if err != nil {
		return Decision{}, err
	}
	if p.unread != "" {
		return Decision{Would: wouldAsk, Reason: "its inputs cannot be read: " + p.unread}, nil
	}
	if slices.Contains(p.Lost, e.ID) {
		return Decision{wouldTombstone, asset.SourceAxis, "what it is made from does not name it any more"}, nil
	}
	for _, t := range p.Todo {
		if t.ID == e.ID {
			return todoDecision(made, t), nil
		}
	}
	return doneDecision(e), nil
}

// derivedDecision is about an item whose row is made together with all others of its partition.
func (c *chain) derivedDecision(made *asset.Asset, partition asset.Partition, e ledger.Entry) Decision {
	if s := c.view.Status(made, partition.Key); s.State != asset.Fresh {
		return Decision{wouldRecompute, s.Axis, "its partition: " + s.Reason}
	}
	return doneDecision(e)
}

func todoDecision(made *asset.Asset, t ledger.Planned) Decision {
	v := Decision{Would: wouldRecompute, Reason: t.Reason}
	switch {
	case t.Made:
		return Decision{Would: wouldPublish, Reason: "made by a run that was cut short: it waits for the publish"}
	case made.AsksSource() && (!t.CodeOnly || !made.Recomputes()):
		v.Would = wouldFetch
	}
	switch t.Cause {
	case "new", "changed":
		v.Axis = asset.SourceAxis
	case "recode":
		v.Axis = asset.CodeAxis
	case "resumed":
		v.Reason = "left over by an earlier run"
	}
	return v
}

// doneDecision is about an item of which nothing is to be done.
func doneDecision(e ledger.Entry) Decision {
	v := Decision{Would: wouldNothing}
	switch {
	case e.State == ledger.Staged:
		v.Would, v.Reason = wouldPublish, "staged by a run that was cut short: it waits for the publish"
	case e.State == ledger.Quarantined:
		v.Reason = fmt.Sprintf("quarantined as %s, which the same again would not fix: --failed tries it", e.Kind)
	case e.State == ledger.Absent && e.Kind == ledger.KindVanished:
		v.Reason = "what it is made from does not name it any more"
	case e.State == ledger.Absent:
		v.Reason = "the source said that there is none"
	default:
		v.Reason = "the source has not changed it, and the present code made it"
	}
	return v
}

// previewOf is what a sync of a partition would decide, asked for once.
func (c *chain) previewOf(ctx context.Context, made *asset.Asset, partition asset.Partition) (previewed, error) {
	slice := ledger.PartitionRef{Asset: string(made.Key), Partition: partition.Key}
	p, known := c.previews[slice]
	if known {
		return p, nil
	}
	var err error
	p.Preview, err = c.eng.Preview(ctx, materialize.StepInput{Step: asset.Step{Asset: made.Key, Partition: partition}})
	switch fault.KindOf(err) {
	case "":
	case fault.Invalid:
		p.unread = err.Error()
	default:
		return p, err
	}
	c.previews[slice] = p
	return p, nil
}

func codeChange(from, to string) string { return fmt.Sprintf("code version %s → %s", from, to) }
