package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"math/big"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// CodeVersion is a version of an asset's code that was seen.
type CodeVersion struct {
	Asset, Version string
	Rank           int64 // the highest of an asset is in force
}

// codeOrder is the versions of one asset's code with their ranks.
type codeOrder map[string]int64

// inForce is the version with the highest rank; "" when none was seen.
func (o codeOrder) inForce() string {
	found := ""
	for version, rank := range o {
		if found == "" || rank > o[found] {
			found = version
		}
	}
	return found
}

// newer reports whether version a is newer than b, and false for known when nothing tells: neither was seen, and they are
// not numbers.
func (o codeOrder) newer(a, b string) (newer, known bool) {
	current := o.inForce()
	rankA, seenA := o[a]
	rankB, seenB := o[b]
	order, numbers := compareVersions(a, b)
	switch {
	case a == b:
		return false, true
	case a == current && seenA: // also one that was allowed again
		return true, true
	case b == current && seenB && (seenA || numbers):
		return numbers && order > 0, true
	case numbers:
		return order > 0, true
	case seenA && seenB:
		return rankA > rankB, true
	default:
		return !seenA && seenB, seenA != seenB
	}
}

// compareVersions compares versions that are numbers, such as "3", "v12" and "1.10", place by place; false when one is none.
func compareVersions(a, b string) (int, bool) {
	x, ok := versionNumbers(a)
	y, also := versionNumbers(b)
	if !ok || !also {
		return 0, false
	}
	return slices.CompareFunc(x, y, (*big.Int).Cmp), true
}

func versionNumbers(version string) ([]*big.Int, bool) {
	var out []*big.Int
	for place := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		if place == "" || strings.Trim(place, "0123456789") != "" {
			return nil, false
		}
		n, ok := new(big.Int).SetString(place, 10)
		if !ok {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func readCodeOrder(ctx context.Context, q querier, asset string) (codeOrder, error) {
	o := make(codeOrder)
	rows, err := q.QueryContext(ctx, `SELECT version, rank FROM code_versions WHERE asset = $1`, asset)
	err = each(rows, err, func(rows *sql.Rows) error {
		var version string
		var rank int64
		err := rows.Scan(&version, &rank)
		o[version] = rank
		return err
	})
	return o, err
}

// admitCode refuses code that is older than what is in force for an asset, and puts newer code in force.
func (l *Ledger) admitCode(ctx context.Context, tx *sql.Tx, op, asset, version string) error {
	if version == "" {
		return nil
	}
	o, err := readCodeOrder(ctx, tx, asset)
	if err != nil {
		return err
	}
	current := o.inForce()
	if current == version {
		return nil
	}
	newer, _ := o.newer(version, current)
	if _, seen := o[version]; current != "" && !newer && (seen || numbered(version, current)) {
		return fault.New(fault.CodeVersion, op, "%s has code version %s in force, and %s is older: it is left to a worker with code version %s "+
			"(to go back to older code on purpose: starter assets allow-code %s %s)", asset, current, version, current, asset, version)
	}
	return l.setCodeVersion(ctx, tx, asset, version)
}

func numbered(a, b string) bool {
	_, ok := compareVersions(a, b)
	return ok
}

func (l *Ledger) setCodeVersion(ctx context.Context, tx *sql.Tx, asset, version string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO code_versions (asset, version, rank, first_seen)
		VALUES ($1, $2, (SELECT COALESCE(MAX(rank), 0) + 1 FROM code_versions WHERE asset = $1), $3)
		ON CONFLICT (asset, version) DO UPDATE SET rank = excluded.rank`, asset, version, micros(l.Now()))
	return err
}

// NewerCode reports whether a version of the code of an asset is newer than another; known is false if that cannot be
// told. Numbers are compared as such: "10" is newer than "9", "v1.10" than "v1.9". Of other versions the one that was in
// force later is newer, and one that was never seen is newer than one that was. A version that [Ledger.AllowCode] put in
// force is newer than all others until newer code is.
func (l *Ledger) NewerCode(ctx context.Context, asset, a, b string) (newer, known bool, err error) {
	o, err := readCodeOrder(ctx, l.reader, asset)
	if err != nil {
		return false, false, l.explain(ctx, "read code versions", err)
	}
	newer, known = o.newer(a, b)
	return newer, known, nil
}

// AllowCode puts an older version of the code of an asset in force, so that a build can be rolled back. It returns the
// version that was in force before; "" if there was none.
func (l *Ledger) AllowCode(ctx context.Context, asset, version string) (was string, err error) {
	err = l.write(ctx, "allow code version", func(tx *sql.Tx) error {
		o, err := readCodeOrder(ctx, tx, asset)
		if err != nil {
			return err
		}
		if was = o.inForce(); was == version {
			return nil
		}
		return l.setCodeVersion(ctx, tx, asset, version)
	})
	return was, err
}

// CodeVersions returns the known versions of the code of every asset, the version in force first.
func (l *Ledger) CodeVersions(ctx context.Context) (map[string][]CodeVersion, error) {
	out := make(map[string][]CodeVersion)
	err := l.query(ctx, "read code versions", func(rows *sql.Rows) error {
		var c CodeVersion
		err := rows.Scan(&c.Asset, &c.Version, &c.Rank)
		out[c.Asset] = append(out[c.Asset], c)
		return err
	}, `SELECT asset, version, rank FROM code_versions`)
	for _, found := range out {
		slices.SortFunc(found, func(a, b CodeVersion) int { return cmp.Compare(b.Rank, a.Rank) })
	}
	return out, err
}
