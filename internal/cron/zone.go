package cron

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"drugslm/internal/fault"
)

// zones are the names in Go's own zone database, one a line, to suggest from. Which zones exist is not decided by it.
//
//go:embed zones.txt
var zones string

// Zone finds a time zone by its IANA name; "" is UTC. An unknown one is a fault.Invalid with the nearest names.
func Zone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fault.New(fault.Invalid, "", "time zone %q is another on each machine: write its name, such as America/Sao_Paulo", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "unknown time zone %q: did you mean %s?", name, strings.Join(nearest(name), ", "))
	}
	return location, nil
}

// nearest gives the three names most like a misspelt one. People know the city, so a name's last part counts as well as
// the whole.
func nearest(name string) []string {
	const suggestions, longest = 3, 64
	if len(name) > longest {
		name = name[:longest]
	}
	name = strings.ToLower(strings.ReplaceAll(name, " ", "_"))
	distance := func(zone string) int {
		zone = strings.ToLower(zone)
		city := zone[strings.LastIndex(zone, "/")+1:]
		return min(levenshtein.ComputeDistance(name, zone), levenshtein.ComputeDistance(name, city))
	}
	names := strings.Fields(zones)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return names[:suggestions]
}
