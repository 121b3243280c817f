package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// is an item as it was left by run r0 under code v1, as changed.
func is(state State, changes ...func(*known)) *known {
	k := &known{fingerprint: "f1", code: "v1", state: state, run: "r0"}
	for _, m := range changes {
		m(k)
	}
	return k
}

func corrupt(k *known)       { k.kind, k.reason = "corrupt", "truncated" }
func retriedBefore(k *known) { k.run = "r-1" }
func mine(k *known)          { k.run = "r1" }
func otherSource(k *known)   { k.fingerprint = "f0" }
func otherCode(k *known)     { k.code = "v0" }
func declared(k *known)      { k.declared, k.kind = true, KindDeclared }
func vanished(k *known)      { k.vanished, k.kind = true, KindVanished }

func TestDecide(t *testing.T) {
	t.Parallel()
	item, gone := Item{ID: "a", Fingerprint: "f1"}, Item{ID: "a", Fingerprint: "f1", Absent: "the portal has no leaflet"}
	tests := []struct {
		name, why string
		mode      Mode
		conf      bool // Confirm
		kind      []string
		item      Item
		was       *known
		want      cause
	}{
		{name: "unknown", item: item, want: fresh, why: "new"},
		{name: "unknown, forced", mode: Force, item: item, want: fresh, why: "new"},
		{name: "published", item: item, was: is(Published), want: unchanged},
		{name: "published, only failed", mode: Failed, item: item, was: is(Published), want: unchanged},
		{name: "published, forced", mode: Force, item: item, was: is(Published), want: forced, why: "forced"},
		{name: "forced by this run before", mode: Force, item: item, was: is(Published, mine), want: unchanged},
		{name: "forced by this run, not done", mode: Force, item: item, was: is(Pending, mine), want: resumed},
		{name: "forced by the run that this one retries", mode: Force, item: item, was: is(Published, retriedBefore), want: unchanged},
		{name: "forced by the run that this one retries, not done", mode: Force, item: item, was: is(Pending, retriedBefore), want: resumed},
		{name: "forced by the run that this one retries, quarantined", mode: Force, item: item, was: is(Quarantined, corrupt, retriedBefore), want: forced, why: "forced"},
		{name: "quarantined by the run that this one retries", mode: Failed, item: item, was: is(Quarantined, corrupt, retriedBefore), want: retried, why: "retried after corrupt: truncated"},
		{name: "source changed", item: item, was: is(Published, otherSource), want: changed, why: "source changed"},
		{name: "source changed before it was done", item: item, was: is(Made, otherSource, mine), want: changed, why: "source changed"},
		{name: "source and code changed", item: item, was: is(Published, otherSource, otherCode), want: changed, why: "source changed"},
		{name: "code changed", item: item, was: is(Published, otherCode), want: codeChanged, why: "code changed v0→v1"},
		{name: "code changed, staged", item: item, was: is(Staged, otherCode), want: codeChanged, why: "code changed v0→v1"},
		{name: "code changed, quarantined", item: item, was: is(Quarantined, otherCode, corrupt), want: codeChanged, why: "code changed v0→v1"},
		{name: "code changed, not found", item: item, was: is(Absent, otherCode), want: codeChanged, why: "code changed v0→v1"},
		{name: "pending", item: item, was: is(Pending), want: resumed},
		{name: "made", item: item, was: is(Made), want: resumed},
		{name: "staged", item: item, was: is(Staged), want: resumed},
		{name: "staged, forced", mode: Force, item: item, was: is(Staged), want: forced, why: "forced"},
		{name: "quarantined", item: item, was: is(Quarantined, corrupt), want: unchanged},
		{name: "quarantined, kind retried", kind: []string{"session", "corrupt"}, item: item, was: is(Quarantined, corrupt), want: retried, why: "retried after corrupt: truncated"},
		{name: "quarantined, other kind retried", kind: []string{"session"}, item: item, was: is(Quarantined, corrupt), want: unchanged},
		{name: "quarantined, failed ones", mode: Failed, item: item, was: is(Quarantined, corrupt), want: retried, why: "retried after corrupt: truncated"},
		{name: "quarantined by this run", mode: Failed, item: item, was: is(Quarantined, corrupt, mine), want: unchanged},
		{name: "quarantined, forced", mode: Force, item: item, was: is(Quarantined, corrupt), want: forced, why: "forced"},
		{name: "not found before", item: item, was: is(Absent), want: unchanged},
		{name: "not found before, forced", mode: Force, item: item, was: is(Absent), want: forced, why: "forced"},
		{name: "vanished and back", item: item, was: is(Absent, vanished), want: fresh, why: "listed again"},
		{name: "declared absent", item: gone, want: absent, why: "the portal has no leaflet"},
		{name: "declared absent, published", item: gone, was: is(Published), want: absent, why: "the portal has no leaflet"},
		{name: "declared absent, not found", item: gone, was: is(Absent), want: absent, why: "the portal has no leaflet"},
		{name: "declared absent again", mode: Force, item: gone, was: is(Absent, declared), want: unchanged},
		{name: "declared absent, code changed", item: gone, was: is(Absent, declared, otherCode), want: unchanged},
		{name: "declared absent, source changed", item: gone, was: is(Absent, declared, otherSource), want: absent, why: "the portal has no leaflet"},
		{name: "no longer declared absent", item: item, was: is(Absent, declared), want: changed, why: "no longer absent"},
		{name: "declared absent, to be confirmed", conf: true, item: gone, want: fresh, why: "new"},
		{name: "declared absent, confirmed", conf: true, item: gone, was: is(Absent), want: unchanged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := Enumeration{Run: "r1", CodeVersion: "v1", Mode: tt.mode, retried: map[string]bool{"r-1": true}, Confirm: tt.conf, RetryKinds: tt.kind}
			got, why := e.decide(tt.item, tt.was)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.why, why)
		})
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for text, want := range map[string][]Read{
		``:                       nil,
		`null`:                   nil,
		`{}`:                     nil,
		`{"a/b":7}`:              {{"a/b", 7}},
		`{"a/b":7,"c/d":-1}`:     {{"a/b", 7}, {"c/d", -1}},
		`{ "c/d" : 3, "a/b":7 }`: {{"a/b", 7}, {"c/d", 3}},
		`{"a\u002fb":7}`:         {{"a/b", 7}},
	} {
		got, err := reads(nil, []byte(text), names)
		require.NoError(t, err, text)
		require.ElementsMatch(t, want, got, text)
	}
	for _, text := range []string{`{"a":`, `[1,2,3]`, `{"a":"b"}`, `{"a":1}x`, `{"a":1,`} {
		_, err := reads(nil, []byte(text), names)
		require.Error(t, err, text)
	}
}
