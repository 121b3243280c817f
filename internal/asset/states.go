package asset

import "slices"

// States gives each state that a known partition of an asset is in, worst first. An asset of which no partition is
// known is missing.
func (v *View) States(a *Asset) []State {
	partitions := v.Keys(a).All()
	if len(partitions) == 0 {
		return []State{Missing}
	}
	in := make(map[State]bool, len(States()))
	for _, p := range partitions {
		if in[v.Status(a, p.Key).State] = true; len(in) == len(States()) {
			break
		}
	}
	return slices.DeleteFunc(States(), func(s State) bool { return !in[s] })
}
