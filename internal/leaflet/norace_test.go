//go:build !race

package leaflet_test

const racing = false
