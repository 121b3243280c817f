package host

import (
	"drugslm/internal/config"
	"drugslm/internal/pdf"
)

// memoryPage is the unit in which the sandbox counts memory.
const memoryPage = 64 << 10

// ReaderOptions says how PDFs are read, so many at a time.
func ReaderOptions(c config.Config, workers int) pdf.Options {
	return pdf.Options{Workers: workers, MaxText: int64(c.Document.Text), MemoryPages: uint32(c.Document.Memory / memoryPage)}
}

// DocumentLimits is what one PDF may use in all.
func DocumentLimits(c config.Config) pdf.Limits {
	return pdf.Limits{Time: c.Document.Time, Pixels: int64(c.Document.Pixels) * 1_000_000, Text: int64(c.Document.Text)}
}
