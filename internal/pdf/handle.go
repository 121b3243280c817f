package pdf

import (
	"context"
	"fmt"

	"drugslm/internal/fault"
)

// Handler is other work on the text of documents in a child: it answers a message. It returns an error if the message is wrong. It may
// take too long or exhaust memory; then it ends with its child.
type Handler func(message []byte) ([]byte, error)

// Hand lets a child answer a message with the Handler that was passed to [Serve] there, under the limits of [Extractor.Extract] and
// with its errors. doing names the work in errors.
func (e *Extractor) Hand(ctx context.Context, doing string, message []byte) ([]byte, error) {
	if limit := answerLimit(e.options.MaxText, e.options.MaxPages); int64(len(message)) > limit {
		return nil, fault.New(fault.Corrupt, doing, "%d bytes of text and places, at most %d", len(message), limit)
	}
	c, err := e.acquire(ctx)
	if err != nil {
		return nil, err
	}
	a, c, err := e.try(ctx, c, request{Handle: true, doing: doing}, message)
	e.release(c, a)
	switch {
	case err != nil:
		return nil, err
	case a.Reason != "" || !a.Handled:
		return nil, fault.New(fault.Corrupt, doing, "%s", a.Reason)
	}
	return a.made, nil
}

// answer is what a message is answered with.
func (h Handler) answer(message []byte, s settings) answer {
	if h == nil {
		return answer{Reason: "this program has no handler of messages"}
	}
	made, err := h(message)
	limit := answerLimit(s.MaxText, s.MaxPages)
	switch {
	case err != nil:
		return answer{Reason: err.Error()}
	case int64(len(made)) > limit:
		return answer{Reason: fmt.Sprintf("makes %d bytes, at most %d", len(made), limit)}
	}
	return answer{Handled: true, made: made}
}
