package budget

import (
	"math"
	"time"
)

// Forecast returns how long a number of requests takes at rps requests a second, starting at a share of that pace, if
// every answer is good: each gives back a twentieth of the full pace. 0 without a limit.
func Forecast(rps, pace float64, requests int64) time.Duration {
	if rps <= 0 || requests <= 0 {
		return 0
	}
	interval, spent := float64(time.Second)/rps, 0.0
	for pace = min(1, max(MinPace, pace)); pace < 1 && requests > 0; requests-- {
		spent += interval / pace
		pace = min(1, pace+successPlus)
	}
	spent += interval * float64(requests)
	return time.Duration(min(spent, float64(math.MaxInt64)/2))
}
