package host

import (
	"context"

	"drugslm/activities"
	"drugslm/internal/config"
)

// Pace is the pace in force at the hosts that sources ask, and the name of the first, which most requests go to.
func (d *Data) Pace(ctx context.Context, c config.Config) (first string, pace activities.Pace, err error) {
	return d.paceOf(ctx, Hosts(c))
}

func (d *Data) paceOf(ctx context.Context, hosts []Asked) (first string, pace activities.Pace, err error) {
	for i, asked := range hosts {
		one, err := activities.PaceOf(ctx, d.Ledger, asked.Host, asked.RPS)
		if err != nil {
			return "", pace, err
		}
		if i == 0 {
			first, pace = asked.Host, one
			pace.Others = make(map[string]activities.Pace)
			continue
		}
		pace.Others[asked.Host] = one
	}
	return first, pace, nil
}
