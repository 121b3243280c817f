package materialize

import (
	"context"
	"fmt"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// stage collects rows into one part of a table, opened with the first row. Canceling the work does not harm the
// part: what was made by then can still be kept.
type stage struct {
	j        job
	meta     map[string]string
	file     *lake.FileWriter
	outcomes []ledger.Outcome
}

func (s *stage) add(ctx context.Context, id string, row asset.Row) error {
	return s.addAs(ctx, id, row, "")
}

// addAs is add, of a row that a version of the code made; "": the step's.
func (s *stage) addAs(ctx context.Context, id string, row asset.Row, code string) error {
	if s.file == nil {
		part, err := s.j.table.NewFile(context.WithoutCancel(ctx), s.j.partition(), s.meta)
		if err != nil {
			return fault.Wrap(fault.Internal, "open part", err) // never the row's fault
		}
		s.file = part
	}
	if err := s.file.Write(row); err != nil {
		return fmt.Errorf("stage item %s: %w", id, err)
	}
	s.outcomes = append(s.outcomes, ledger.Outcome{ID: id, State: ledger.Staged, CodeVersion: code})
	return nil
}

// close makes the part durable and gives the outcomes that point at it.
func (s *stage) close(ctx context.Context) ([]ledger.Outcome, error) {
	if s.file == nil {
		return nil, nil
	}
	file, err := s.file.Close(ctx)
	if err != nil {
		return nil, err
	}
	s.file = nil
	for i := range s.outcomes {
		s.outcomes[i].Staged = file.Path
	}
	return s.outcomes, nil
}

// drop gives up the part with all its rows: their items are not made.
func (s *stage) drop() {
	s.abort()
	s.outcomes = nil
}

// abort drops an unfinished part; after close it does nothing.
func (s *stage) abort() {
	if s.file != nil {
		s.file.Abort()
		s.file = nil
	}
}
