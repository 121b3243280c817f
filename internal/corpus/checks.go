package corpus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"drugslm/internal/asset"
	"drugslm/internal/document"
)

// What a corpus should look like; more is told of and published.
const (
	maxExcluded = 0.05 // of the documents
	maxGroup    = 0.05 // of the leaflets, in one group: then the splits cannot have their shares
	shareMargin = 0.05 // of the leaflets, on either side of what a split should have
	shareErrors = 4    // standard errors, which are more than that where there are few groups
)

// checks stop what would make an evaluation worthless or a use unclear; what is only unusual is a warning.
func checks(o Options, from []document.Collection) []asset.Check[Row] {
	return []asset.Check[Row]{
		asset.ReferencesAny("document", Row.documentID, targets(from)...).Block(),
		asset.MaxDrop[Row](asset.Drop{Share: 0.1, Few: 8}).Block(),
		{Name: "licensed", Blocking: true, Description: "every row has its licence, origin, source and the PDF's sha256", Row: func(r Row) error {
			if lacking := r.licensed(); lacking != "" {
				return fmt.Errorf("leaflet %s has no %s", r.ID, lacking)
			}
			return nil
		}},
		{Name: "portuguese", Blocking: true, Description: "every leaflet in a split is in Portuguese", Row: func(r Row) error {
			if r.Excluded == "" && (r.Language != Portuguese || r.LanguageConfidence < o.MinLanguage) {
				return fmt.Errorf("leaflet %s is in %s, %.0f %% of it", r.ID, r.Language, 100*r.LanguageConfidence)
			}
			return nil
		}},
		separate(o),
		represented(),
		counted("excluded_share", fmt.Sprintf("at most %g %% of the documents are left out", 100*maxExcluded), func(s *Stats) (asset.Finding, error) {
			return bounded01(s.Documents-s.Included, s.Documents, 0, maxExcluded, "documents are left out")
		}),
		counted("largest_group", fmt.Sprintf("at most %g %% of the leaflets are in one group", 100*maxGroup), func(s *Stats) (asset.Finding, error) {
			return bounded01(s.LargestGroup.Count, s.Included, 0, maxGroup, "leaflets are in the group of product "+s.LargestGroup.Name)
		}),
		splitShare(Train, o.Train), splitShare(Validation, o.Validation), splitShare(Test, 1-o.Train-o.Validation),
	}
}

// targets are where the documents are that leaflets are in.
func targets(from []document.Collection) []asset.Target[document.HasDocument] {
	list := make([]asset.Target[document.HasDocument], len(from))
	for i, c := range from {
		list[i] = asset.Target[document.HasDocument]{
			Upstream: c.Documents, Key: func(r document.HasDocument) string { return c.Prefix + r.ItemID() },
		}
	}
	return list
}

// documentID is the item of the document that the leaflet is in, with the prefix of its collection.
func (r Row) documentID() string {
	for i := len(r.ID) - 1; i >= 0; i-- {
		if r.ID[i] == '#' {
			return r.ID[:i]
		}
	}
	return r.ID
}

// separate compares all leaflets again, whatever their rows say: none may be a duplicate of one in another split.
func separate(o Options) asset.Check[Row] {
	return asset.Check[Row]{
		Name: "splits_apart", Blocking: true, AllRows: true, Expected: "0",
		Description: "no leaflet has an exact or near duplicate, nor one of its group, in another split",
		Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[Row], error) {
			a := splitCheck{options: o, near: newIndex(o.Near, 0), texts: map[string]member{}, groups: map[string]member{}}
			return asset.CheckRun[Row]{Row: a.row}, nil
		},
	}
}

// splitCheck remembers the leaflets it was shown.
type splitCheck struct {
	options Options
	near    *index
	members []member
	texts   map[string]member
	groups  map[string]member
	buf     []byte
}

type member struct {
	id, split string
	signature signature
}

func (a *splitCheck) row(r Row) error {
	if r.Excluded != "" {
		return nil
	}
	d := Document{Text: r.Text, Sections: r.Sections}
	a.buf = normalize(a.buf[:0], d.own())
	now := member{id: r.ID, split: r.Split}
	now.signature = a.options.Near.sign(a.buf)
	err := errors.Join(now.with(a.texts, TextHash(r.Text), "has the text"), now.with(a.groups, r.Group, "is of the group"))
	if now.signature == nil {
		return err
	}
	a.near.find(now.signature, func(doc int32) {
		if m := a.members[doc]; m.split != now.split && err == nil && m.signature.similar(now.signature) >= a.options.Near.Threshold {
			err = fmt.Errorf("%s in %s is a near duplicate of %s in %s", now.id, now.split, m.id, m.split)
		}
	})
	a.near.add(now.signature, int32(len(a.members)))
	a.members = append(a.members, now)
	return err
}

// with compares a member with the first one of its text or group.
func (m member) with(seen map[string]member, key, relation string) error {
	first, ok := seen[key]
	if !ok {
		seen[key] = member{id: m.id, split: m.split}
		return nil
	}
	if first.split != m.split {
		return fmt.Errorf("%s in %s %s of %s in %s", m.id, m.split, relation, first.id, first.split)
	}
	return nil
}

// represented asks that each cluster has one representative, and the size its rows say.
func represented() asset.Check[Row] {
	return asset.Check[Row]{
		Name: "represented", Blocking: true, AllRows: true, Expected: "0",
		Description: "every cluster has one representative, and as many leaflets as its rows say",
		Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[Row], error) {
			found, says, speakers := map[string]int{}, map[string]int{}, map[string]int{}
			return asset.CheckRun[Row]{
				Row: func(r Row) error {
					if r.Excluded != "" {
						return nil
					}
					found[r.Cluster]++
					says[r.Cluster] = int(r.ClusterSize)
					if r.Representative {
						speakers[r.Cluster]++
					}
					return nil
				},
				Finish: func(asset.Staged) (asset.Finding, error) {
					wrong, example := 0, ""
					for cluster, n := range found {
						if speakers[cluster] != 1 || says[cluster] != n {
							wrong++
							example = max(example, cluster)
						}
					}
					if wrong > 0 {
						return asset.Finding{Observed: strconv.Itoa(wrong)}, fmt.Errorf("%d clusters, such as that of %s", wrong, example)
					}
					return asset.Finding{Observed: "0"}, nil
				},
			}, nil
		},
	}
}

// counted is a check on what is counted over all rows.
func counted(name, description string, finish func(*Stats) (asset.Finding, error)) asset.Check[Row] {
	return asset.Check[Row]{
		Name: name, Description: description, AllRows: true,
		Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[Row], error) {
			s := NewStats()
			return asset.CheckRun[Row]{
				Row:    func(r Row) error { s.Add(r); return nil },
				Finish: func(asset.Staged) (asset.Finding, error) { return finish(s.Finish()) },
			}, nil
		},
	}
}

// splitShare asks that a split has about its share of the leaflets: groups are dealt by a hash, and of few of them the shares vary.
func splitShare(split string, want float64) asset.Check[Row] {
	return counted(split+"_share", fmt.Sprintf("about %.0f %% of the leaflets are for %s", 100*want, split), func(s *Stats) (asset.Finding, error) {
		margin := max(shareMargin, shareErrors*math.Sqrt(want*(1-want)/float64(max(1, s.Groups))))
		found := 0
		for _, stats := range s.Splits {
			if stats.Split == split {
				found = stats.Documents
			}
		}
		return bounded01(found, s.Included, max(0, want-margin), min(1, want+margin), "leaflets are for "+split)
	})
}

// bounded01 asks that a share is in bounds. Of nothing there is none.
func bounded01(n, of int, least, most float64, what string) (asset.Finding, error) {
	expected := fmt.Sprintf("%.2f to %.2f", least, most)
	if of == 0 {
		return asset.Finding{Observed: "none", Expected: expected}, nil
	}
	share := float64(n) / float64(of)
	found := asset.Finding{Observed: strconv.FormatFloat(share, 'f', 4, 64), Expected: expected}
	if share < least || share > most {
		return found, fmt.Errorf("%d of %d %s", n, of, what)
	}
	return found, nil
}
