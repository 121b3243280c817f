package pdf

import (
	"bytes"
	"slices"

	"github.com/tetratelabs/wazero/experimental"
)

// memory is the only linear memory of a child, which its sandboxes use one after the other. It is reserved as a whole, so that it
// never moves (growing by copying took 850 MB for a limit of 256), uses only the pages that are touched, and records when more was
// requested than there is: PDFium itself reports that in a dozen ways.
//
// It is an experimental.MemoryAllocator and its own LinearMemory, because only one sandbox exists at a time.
type memory struct {
	buffer  []byte // its capacity is the limit
	used    int    // how much of buffer may be nonzero
	refused bool   // more was requested than there is
	zeroes  []byte // zeros to compare with
}

// zeroBytes is the size of a page of memory, or a part of one.
const zeroBytes = 4 << 10

// newMemory reserves limit bytes.
func newMemory(limit uint64) *memory {
	return &memory{buffer: make([]byte, 0, limit), zeroes: make([]byte, zeroBytes)}
}

// Allocate begins a sandbox with zeroed memory, as WebAssembly requires. A document usually writes a third of its 18 MB. Allocate does
// not write what is zero already, which takes less time, and no memory where nothing was written.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory {
	for chunk := range slices.Chunk(m.buffer[:m.used], len(m.zeroes)) {
		if !bytes.Equal(chunk, m.zeroes[:len(chunk)]) {
			clear(chunk)
		}
	}
	m.buffer, m.used = m.buffer[:0], 0
	return m
}

// Reallocate grows the memory to size bytes, or returns nil.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.buffer)) {
		m.refused = true
		return nil
	}
	m.buffer = m.buffer[:size]
	m.used = max(m.used, int(size))
	return m.buffer
}

// Free ends a sandbox; the memory stays for the next one.
func (m *memory) Free() {}
