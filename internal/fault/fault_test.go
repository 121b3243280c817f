package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	throttled := &fault.Error{Kind: fault.Throttled, Op: "list", After: time.Minute, Err: errors.New("429")}
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil", nil, ""},
		{"plain", errors.New("boom"), fault.Internal},
		{"direct", throttled, fault.Throttled},
		{"wrapped", fmt.Errorf("category 5: %w", throttled), fault.Throttled},
		{"outermost wins", fault.Wrap(fault.Session, "use browser", throttled), fault.Session},
		{"wrap of nil", fault.Wrap(fault.Session, "x", nil), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, fault.KindOf(tt.err))
		})
	}
	require.Equal(t, time.Minute, fault.AfterOf(fmt.Errorf("x: %w", throttled)))
	require.Zero(t, fault.AfterOf(errors.New("boom")))
}

func TestRetryable(t *testing.T) {
	t.Parallel()
	for _, k := range []fault.Kind{fault.Layout, fault.NotFound, fault.Invalid} {
		require.False(t, k.Retryable(), k)
	}
	for _, k := range []fault.Kind{fault.Session, fault.Throttled, fault.Refused, fault.Corrupt, fault.Incomplete, fault.Internal} {
		require.True(t, k.Retryable(), k)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	require.EqualError(t, fault.New(fault.Corrupt, "fetch leaflet", "%d bytes", 7), "fetch leaflet: 7 bytes")
	require.EqualError(t, &fault.Error{Kind: fault.Refused, Op: "list"}, "list: refused")
	require.True(t, fault.Canceled(fault.Wrap(fault.Session, "x", context.Canceled)))
}
