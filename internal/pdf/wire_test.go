package pdf

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzAnswer reads what a child that was taken over by a document may answer.
func FuzzAnswer(f *testing.F) {
	var good bytes.Buffer
	require.NoError(f, send(&good, answer{Document: Document{Pages: []Page{{Number: 1, Text: "a b"}}}, Images: []Image{{PNG: []byte("png")}}}))
	f.Add(good.Bytes())
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x1b{\"images\":[{},{},{},{},{}]}"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		const limit = 1 << 12
		for _, wanted := range []request{{}, {Render: &RenderOptions{MaxPages: 2, MaxBytes: limit}}} {
			r := bytes.NewReader(wire)
			var a answer
			if readJSON(r, limit, &a) != nil || wanted.images(r, a.Images) != nil {
				continue
			}
			if wanted.Render == nil {
				require.Empty(t, a.Images)
				continue
			}
			require.LessOrEqual(t, len(a.Images), 2)
			size := 0
			for _, image := range a.Images {
				size += len(image.PNG)
			}
			require.LessOrEqual(t, size, limit)
		}
	})
}

// FuzzRequest reads what a parent sends, as the child does.
func FuzzRequest(f *testing.F) {
	var good bytes.Buffer
	require.NoError(f, writeJSON(&good, request{}))
	require.NoError(f, writeFrame(&good, []byte("%PDF-1.7")))
	f.Add(good.Bytes())
	f.Add([]byte("\x00\x00\x00\x02{}\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		_, content, err := receive(bytes.NewReader(wire), 1<<10)
		if err == nil {
			require.LessOrEqual(t, len(content), 1<<10)
		}
	})
}
