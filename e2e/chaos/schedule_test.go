package chaos

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func take(s *Schedule, n int) []Disturbance {
	var found []Disturbance
	for range n {
		found = append(found, s.Next())
	}
	return found
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	t.Run("follows from its seed", scheduleFollowsFromItsSeed)
	t.Run("draws each kind once before the weights decide", scheduleDrawsEachKindOnceBeforeWeightsDecide)
	t.Run("follows the weights", scheduleFollowsWeights)
}

func scheduleFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	require.Equal(t, take(NewSchedule(7, Weights()), 200), take(NewSchedule(7, Weights()), 200))
	require.NotEqual(t, take(NewSchedule(7, Weights()), 20), take(NewSchedule(8, Weights()), 20))
	first := take(NewSchedule(7, Weights()), 2)
	require.Equal(t, first[0].Rand().Uint64(), first[0].Rand().Uint64(), "and so do the choices within a disturbance")
	require.NotEqual(t, first[0].Rand().Uint64(), first[1].Rand().Uint64())
}

func scheduleDrawsEachKindOnceBeforeWeightsDecide(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		seen := map[Kind]bool{}
		for _, d := range take(NewSchedule(seed, Weights()), len(Weights())) {
			require.False(t, seen[d.Kind], d.Kind)
			require.GreaterOrEqual(t, d.After, leastProgress)
			require.LessOrEqual(t, d.After, mostProgress)
			seen[d.Kind] = true
		}
	}
}

func scheduleFollowsWeights(t *testing.T) {
	t.Parallel()
	times := map[Kind]int{}
	for _, d := range take(NewSchedule(1, Weights()), 20_000) {
		times[d.Kind]++
	}
	sum := 0
	for _, w := range Weights() {
		sum += w.Weight
	}
	for _, w := range Weights() {
		require.InEpsilon(t, 20_000*w.Weight/sum, times[w.Kind], 0.2, w.Kind)
	}
}
