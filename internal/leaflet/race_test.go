//go:build race

package leaflet_test

// slower is by how much less text the costs are counted with the race detector, which makes reading so much slower: deploy/test.sh counts
// them without it as well.
const slower = 8
