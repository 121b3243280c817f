package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/viper"
)

// unknown complains about each key of the file that is none of ours; the nearest of ours comes first in the list.
func unknown(file *viper.Viper, keys []Key) []error {
	var known, former []string
	for _, k := range keys {
		known = append(known, k.Name)
		if k.Was != "" {
			former = append(former, k.Was)
		}
	}
	known = append(known, schedulesKey)
	read := slices.Concat(known, former)
	have := file.AllKeys()
	slices.Sort(have)
	var errs []error
	for _, name := range have {
		if !slices.Contains(read, name) && !emptySection(file, name, read) {
			errs = append(errs, fmt.Errorf("no such key %q; there are %s", name, strings.Join(nearestFirst(name, known), ", ")))
		}
	}
	return errs
}

// emptySection reports whether name is a heading with nothing below it, as when all its keys are commented out.
func emptySection(file *viper.Viper, name string, known []string) bool {
	return file.Get(name) == nil && slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, name+".") })
}

// nearestFirst orders known by how many letters must change to make it name.
func nearestFirst(name string, known []string) []string {
	sorted := slices.Clone(known)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Compare(levenshtein.ComputeDistance(name, a), levenshtein.ComputeDistance(name, b))
	})
	return sorted
}
