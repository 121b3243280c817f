//go:build race

package leaflet_test

// racing says that the race detector is on. With it reading is many times slower, and what regular expressions keep in a sync.Pool is
// thrown away at random, so that costs cannot be compared: deploy/test.sh counts them without it.
const racing = true
