//go:build !race

package leaflet_test

const slower = 1
