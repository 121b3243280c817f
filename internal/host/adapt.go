package host

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"drugslm/internal/config"
	"drugslm/internal/grid"
	"drugslm/internal/ledger"
	"drugslm/internal/sources"
)

// browser lends the pool's sessions to sources.
type browser struct{ pool *grid.Pool }

// With runs fn with a session of its own.
func (b browser) With(ctx context.Context, fn func(context.Context, sources.Page) error) error {
	return b.pool.With(ctx, func(ctx context.Context, s *grid.Session) error { return fn(ctx, s) })
}

// leases keeps the pool's sessions in the ledger, so that those of a killed worker can be ended.
type leases struct{ *ledger.Ledger }

// Acquire records a lease, whose end is by the ledger's clock there.
func (l leases) Acquire(ctx context.Context, lease grid.Lease) (bool, error) {
	lease.Expires = l.Now().Add(time.Until(lease.Expires))
	return l.AcquireLease(ctx, ledger.Lease(lease))
}

// Orphans lists the leases whose owners are gone.
func (l leases) Orphans(ctx context.Context) ([]grid.Lease, error) {
	orphans, err := l.Ledger.Orphans(ctx)
	found := make([]grid.Lease, len(orphans))
	for i, lease := range orphans {
		found[i] = grid.Lease(lease)
	}
	return found, err
}

// Version is the version of this build: the commit's, or the module's; "dev" where neither is known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return setting.Value[:12]
		}
	}
	if info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}

// UserAgent is how we show ourselves to the source: by name, and with whom to ask.
func UserAgent(s config.Anvisa) string {
	switch {
	case s.UserAgent != "":
		return s.UserAgent
	case s.Contact != "":
		return fmt.Sprintf("drugslm/%s (+%s)", Version(), s.Contact)
	default:
		return fmt.Sprintf("drugslm/%s (leaflet corpus for research)", Version())
	}
}
