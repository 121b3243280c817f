package pdf

import (
	"bytes"
	"slices"

	"github.com/tetratelabs/wazero/experimental"
)

// memory is the one piece of memory that a child's sandboxes use, one after the other. It is reserved whole, so that it
// never moves (growing by copying took 850 MB for a limit of 256), costs only what is touched, and knows when more was
// asked for than it has: PDFium itself reports that in a dozen ways.
//
// It is an experimental.MemoryAllocator and its own LinearMemory, because only one sandbox lives at a time.
type memory struct {
	buffer  []byte // its capacity is the limit
	used    int    // how much of buffer may not be zero
	refused bool   // more was asked for than there is
	zeroes  []byte // as many as are compared at a time
}

// zeroBytes is a page of the system's, or a part of one.
const zeroBytes = 4 << 10

// newMemory reserves limit bytes.
func newMemory(limit uint64) *memory {
	return &memory{buffer: make([]byte, 0, limit), zeroes: make([]byte, zeroBytes)}
}

// Allocate begins a sandbox, with zeroes as WebAssembly demands. A document writes on a third of its 18 MB as a rule: what is zero is not
// written again, which takes less time, and no memory where nothing was ever written.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory {
	for chunk := range slices.Chunk(m.buffer[:m.used], len(m.zeroes)) {
		if !bytes.Equal(chunk, m.zeroes[:len(chunk)]) {
			clear(chunk)
		}
	}
	m.buffer, m.used = m.buffer[:0], 0
	return m
}

// Reallocate gives the sandbox size bytes in all, or nil.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.buffer)) {
		m.refused = true
		return nil
	}
	m.buffer = m.buffer[:size]
	m.used = max(m.used, int(size))
	return m.buffer
}

// Free ends a sandbox; the memory stays for the next.
func (m *memory) Free() {}
