package status

import (
	"bufio"
	"bytes"
	"io"
	"slices"

	"drugslm/internal/api"
	"drugslm/internal/cli/output"
)

// noPartitions is how an asset without partitions shows them. No string in JSON holds it: a quote in one is escaped.
const noPartitions = `"partitions": []`

// statusDocument is a status that is written piece by piece.
type statusDocument struct{ api.Status }

// WriteJSON writes what encoder writes of the view, to the byte, one partition at a time: in one piece 100,000 of them
// are held three times over, as values, as text and as indented text.
func (v statusDocument) WriteJSON(out io.Writer) error {
	frame := api.Status{Assets: slices.Clone(v.Assets), Waiting: v.Waiting, Next: v.Next}
	for i := range frame.Assets {
		frame.Assets[i].Partitions = []api.PartitionStatus{}
	}
	var text, one bytes.Buffer
	if err := output.Encoder(&text, "").Encode(frame); err != nil {
		return err
	}
	rest := text.Bytes()
	w := bufio.NewWriterSize(out, 1<<16)
	each := output.Encoder(&one, "        ")
	for _, s := range v.Assets {
		before, after, _ := bytes.Cut(rest, []byte(noPartitions))
		rest = after
		_, _ = w.Write(before) // Flush gives the error of every write
		if len(s.Partitions) == 0 {
			_, _ = w.WriteString(noPartitions)
			continue
		}
		_, _ = w.WriteString(`"partitions": [`)
		for i := range s.Partitions {
			one.Reset()
			if err := each.Encode(&s.Partitions[i]); err != nil {
				return err
			}
			if i > 0 {
				_ = w.WriteByte(',')
			}
			_, _ = w.WriteString("\n        ")
			_, _ = w.Write(bytes.TrimSuffix(one.Bytes(), []byte("\n")))
		}
		_, _ = w.WriteString("\n      ]")
	}
	_, _ = w.Write(rest)
	return w.Flush()
}
