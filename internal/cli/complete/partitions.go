package complete

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// chosen are the assets that were typed before, as arguments or after --asset; all where none was, or it makes no sense yet.
func (k known) chosen() []*asset.Asset {
	words := k.args
	if f := k.cmd.Flags().Lookup("asset"); f != nil && f.Changed {
		words = []string{f.Value.String()}
	}
	if len(words) > 0 {
		if some, err := k.graph.Select(words[0]); err == nil {
			return some
		}
	}
	return k.graph.All()
}

// partitions completes the keys and the names of the partitions of the assets that were typed, after a comma and at the end of a
// range too.
func partitions(ctx context.Context, k known, typed string) []string {
	at := strings.LastIndexByte(typed, ',') + 1
	if i := strings.LastIndex(typed, ".."); i >= at {
		at = i + len("..")
	}
	before, last := typed[:at], typed[at:]
	var found []string
	seen := make(map[string]bool)
	for _, a := range k.chosen() {
		if seen[a.Partitions.Name] || len(found) >= limit {
			continue
		}
		seen[a.Partitions.Name] = true
		if a.Partitions.Kind() == "dynamic" {
			found = append(found, k.stored(ctx, a.Partitions.Name, last)...)
			continue
		}
		found = append(found, completed(k.every(ctx, a.Partitions), last)...)
	}
	slices.SortStableFunc(found, asset.NaturalOrder)
	found = slices.Compact(found)
	for i := range found {
		found[i] = before + found[i]
	}
	return found
}

// every gives the partitions of a set that is not dynamic itself.
func (k known) every(ctx context.Context, p *asset.Partitions) []asset.Partition {
	now := time.Now()
	if k.ledger != nil {
		now = k.ledger.Now()
	}
	return p.Keys(func(set string) []asset.Partition {
		if k.ledger == nil {
			return nil
		}
		found, err := k.ledger.KnownPartitions(ctx, set)
		if err != nil {
			return nil
		}
		all := make([]asset.Partition, len(found))
		for i, one := range found {
			all[i] = asset.Partition{Key: one.Key, Label: one.Label}
		}
		return all
	}, now).All()
}

// stored gives the partitions of a dynamic set that what was typed may become.
func (k known) stored(ctx context.Context, set, typed string) []string {
	if k.ledger == nil {
		return nil
	}
	found, err := k.ledger.FindPartitions(ctx, set, typed, limit)
	if err != nil {
		return nil
	}
	all := make([]asset.Partition, len(found))
	for i, one := range found {
		all[i] = asset.Partition{Key: one.Key, Label: one.Label}
	}
	slices.SortStableFunc(all, func(a, b asset.Partition) int { return asset.NaturalOrder(a.Key, b.Key) })
	return completed(all, typed)
}

// completed makes words of partitions: the key where it begins with what was typed, or else the name. A name that begins with it but
// for accents and capitals continues as it was typed, which means the same: a shell drops what begins otherwise.
func completed(all []asset.Partition, typed string) (found []string) {
	want := asset.Folded(typed)
	for _, p := range all {
		if len(found) == limit {
			break
		}
		switch {
		case strings.HasPrefix(p.Key, typed):
			found = append(found, described(p.Key, p.Label))
		case typed != "" && strings.HasPrefix(asset.Folded(p.Label), want):
			found = append(found, described(typed+after(p.Label, utf8.RuneCountInString(want)), cmp.Or(p.Key, p.Label)))
		}
	}
	return found
}

// after is a text without its first letters.
func after(text string, letters int) string {
	for i := range text {
		if letters--; letters < 0 {
			return text[i:]
		}
	}
	return ""
}

// columns completes the columns of the table that was typed.
func columns(_ context.Context, k known, typed string) []string {
	at := strings.LastIndexByte(typed, ',') + 1
	var found []string
	for _, a := range k.chosen() {
		if a.External() {
			continue
		}
		for _, c := range a.Codec.Columns() {
			if strings.HasPrefix(c.Name, typed[at:]) {
				found = append(found, typed[:at]+c.Name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// eventText says what an event is about.
func eventText(e ledger.Event) string { return e.Kind + ", " + e.Created.Local().Format(time.DateTime) }
