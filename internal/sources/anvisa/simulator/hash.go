package simulator

import "math/rand/v2"

// mix hashes numbers into one: the same on every machine and in every run.
func mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h ^= p
		h += 0x9e3779b97f4a7c15 // splitmix64
		h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9
		h = (h ^ (h >> 27)) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// mixText hashes a text (FNV-1a).
func mixText(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

// draw is a generator whose sequence follows from parts alone.
func draw(parts ...uint64) *rand.Rand {
	h := mix(parts...)
	return rand.New(rand.NewPCG(h, mix(h, 1)))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
