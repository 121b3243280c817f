package quality

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/quality"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	t.Run("reads as all or nothing only where it is", func(t *testing.T) {
		t.Parallel()
		for share, want := range map[float64]string{
			0: "0.00 %", 1e-9: "<0.01 %", 0.00009: "<0.01 %", 0.0001: "0.01 %", 0.5: "50.00 %", 0.12345: "12.35 %",
			0.99994: "99.99 %", 0.99999: "99.99 %", 1 - 1e-12: "99.99 %", 1: "100.00 %",
		} {
			require.Equal(t, want, percent(&share), "%g", share)
		}
		require.Equal(t, "–", percent(nil))
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	t.Run("refuses limits that cannot work, all at once", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, qualityQuery{worst: maxWorst, failUnder: 1}.check(true))
		require.NoError(t, qualityQuery{}.check(false))
		err := qualityQuery{worst: -1, failUnder: 95}.check(true)
		require.EqualError(t, err, "--worst is -1: want 0 to 10000; --fail-under is 95: want a share above 0 and up to 1, as in 0.95")
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Error(t, qualityQuery{worst: maxWorst + 1}.check(false))
		require.Error(t, qualityQuery{failUnder: 0}.check(true), "--fail-under 0 would never fail")
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	report := func(share *float64) (r quality.Report) {
		r.Total.Complete, r.Total.Asked, r.Total.CompleteShare = 3, 4, share
		return r
	}
	share := 0.75
	t.Run("fails a report below the limit, and no other", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, qualityQuery{}.judge(report(&share)))
		require.NoError(t, qualityQuery{failUnder: 0.75}.judge(report(&share)))
		require.EqualError(t, qualityQuery{failUnder: 0.76}.judge(report(&share)), "3 of 4 leaflets have all sections, which is 0.7500: --fail-under is 0.76")
	})
	t.Run("fails a report without leaflets", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, qualityQuery{failUnder: 0.1}.judge(report(nil)), "no leaflet to judge")
		require.NoError(t, qualityQuery{}.judge(report(nil)))
	})
}

func TestPrint(t *testing.T) {
	t.Parallel()
	t.Run("says what to do where nothing was read", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		require.NoError(t, printQuality(&b, quality.Report{}))
		require.Equal(t, "No document has been read yet: starter materialize +anvisa/extract\n", b.String())
	})
	t.Run("counts the reasons that it does not list", func(t *testing.T) {
		t.Parallel()
		var kept []quality.Quarantine
		for i := range 23 {
			kept = append(kept, quality.Quarantine{Asset: "anvisa/extract", Kind: "corrupt", Reason: fmt.Sprintf("reason %d.", i), Items: 23 - i})
		}
		var b bytes.Buffer
		require.NoError(t, printQuarantine(&b, kept))
		require.Contains(t, b.String(), "reason 19.")
		require.NotContains(t, b.String(), "reason 20.")
		require.Contains(t, b.String(), "3 more reasons: starter items --state quarantined\n")
	})
	t.Run("tallies the largest first, equal ones by name", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "9 c, 2 a, 2 b", tally(map[string]int{"b": 2, "a": 2, "c": 9}))
		require.Equal(t, "none", tally(nil))
	})
	t.Run("leaves out partitions of which there is nothing", func(t *testing.T) {
		t.Parallel()
		r := quality.Report{Partitions: []quality.Summary{{Partition: "5", Documents: 1}, {Partition: "6"}, {Partition: "7", Quarantined: 2}}, Total: quality.Summary{Documents: 1, Quarantined: 2}}
		var b bytes.Buffer
		require.NoError(t, printPartitions(&b, r))
		require.Regexp(t, `(?m)^5 `, b.String())
		require.NotRegexp(t, `(?m)^6 `, b.String())
		require.Regexp(t, `(?m)^7 `, b.String())
		require.Regexp(t, `(?m)^total `, b.String())
	})
}
