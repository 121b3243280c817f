package host

import (
	"context"

	"drugslm/internal/config"
	"drugslm/internal/engine/forecast"
)

// Pace is the pace in force at the hosts that sources ask, and the name of the first, which most requests go to.
func (d *Data) Pace(ctx context.Context, c config.Config) (first string, pace forecast.Pace, err error) {
	return d.paceOf(ctx, Hosts(c))
}

func (d *Data) paceOf(ctx context.Context, hosts []Asked) (first string, pace forecast.Pace, err error) {
	for i, asked := range hosts {
		one, err := forecast.PaceOf(ctx, d.Ledger, asked.Host, asked.RPS)
		if err != nil {
			return "", pace, err
		}
		if i == 0 {
			first, pace = asked.Host, one
			pace.Others = make(map[string]forecast.Pace)
			continue
		}
		pace.Others[asked.Host] = one
	}
	return first, pace, nil
}
