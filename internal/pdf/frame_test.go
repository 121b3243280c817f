package pdf

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	var wire bytes.Buffer
	for _, message := range []string{"one", "", "three"} {
		require.NoError(t, writeFrame(&wire, []byte(message)))
	}
	for _, want := range []string{"one", "", "three"} {
		got, err := readFrame(&wire, 5)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := readFrame(&wire, 5)
	require.Equal(t, io.EOF, err)
}

func TestReadFrameBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, wire string
		want       error
	}{
		{"end in the length", "\x00\x00", io.ErrUnexpectedEOF},
		{"end in the message", "\x00\x00\x00\x03ab", io.ErrUnexpectedEOF},
		{"more than allowed", "\x00\x00\x00\x04abcd", errFrame},
		{"more than ever", "\xff\xff\xff\xff", errFrame},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readFrame(bytes.NewReader([]byte(tt.wire)), 3)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x03abc\x00\x00\x00\x00"), uint16(3))
	f.Add([]byte("\xff\xff\xff\xff"), uint16(9))
	f.Fuzz(func(t *testing.T, wire []byte, limit uint16) {
		r := bytes.NewReader(wire)
		message, err := readFrame(r, int64(limit))
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(message), int(limit))
		var again bytes.Buffer
		require.NoError(t, writeFrame(&again, message))
		require.Equal(t, wire[:len(wire)-r.Len()], again.Bytes())
	})
}
