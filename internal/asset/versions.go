package asset

import (
	"maps"
	"slices"
)

// Version is a version of an input's table.
type Version struct {
	Key     Key
	Version int64
}

// Versions are the versions that were read of some inputs, each once. There is one for every partition that was ever
// published, so it is a list and not a map: 100,000 maps take four times the room.
type Versions []Version

// VersionsOf makes versions of a map.
func VersionsOf(m map[Key]int64) Versions {
	v := make(Versions, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		v = append(v, Version{key, m[key]})
	}
	return v
}

// Of is the version that was read of an input, and false when there was none.
func (v Versions) Of(key Key) (int64, bool) {
	for _, one := range v {
		if one.Key == key {
			return one.Version, true
		}
	}
	return 0, false
}
