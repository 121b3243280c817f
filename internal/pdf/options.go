package pdf

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"time"

	"drugslm/internal/fault"
)

// pageSize is the unit in which WebAssembly counts memory: 64 KiB.
const pageSize = 64 << 10

// Options configures an [Extractor]. Zero fields have defaults.
type Options struct {
	Workers     int           // children, and so documents at a time; default: the cores of this machine
	Command     []string      // how to start a child; default: this executable with "pdf-serve"
	Timeout     time.Duration // for one document, without the start of a child; default: a minute
	CacheDir    string        // keeps the compiled engine; default: a private directory under the user's cache or the system's temporary files, or none
	MemoryPages uint32        // memory for one document, in units of 64 KiB; default: 4096, which is 256 MiB
	MaxPages    int           // of one document; default: 2,000 (the longest real leaflets have a few hundred)
	MaxBytes    int64         // of one file; default: 64 MiB (real leaflets have 0.1 to 5)
	MaxText     int64         // of one document, in bytes of UTF-8; default: 16 MiB (a leaflet has about 40 KB)
	Documents   int           // documents after which a child is replaced; default: 500
}

// withDefaults replaces zero values.
func (o Options) withDefaults() (Options, error) {
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	o.MemoryPages = cmp.Or(o.MemoryPages, 4096)
	o.MaxPages = cmp.Or(o.MaxPages, 2000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	o.MaxText = cmp.Or(o.MaxText, 16<<20)
	o.Documents = cmp.Or(o.Documents, 500)
	if len(o.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("find the program that reads PDFs: %w", err)
		}
		o.Command = []string{self, "pdf-serve"}
	}
	if o.CacheDir == "" {
		o.CacheDir = cacheDir()
	}
	return o, o.validate()
}

// validate rejects options that cannot work.
func (o Options) validate() error {
	if min(o.Workers, o.MaxPages, o.Documents) < 0 || min(o.MaxBytes, o.MaxText, int64(o.Timeout)) < 0 {
		return fault.New(fault.Invalid, "open PDF extractor", "negative limit")
	}
	if o.MemoryPages > 1<<16 {
		return fault.New(fault.Invalid, "open PDF extractor", "%d memory pages: at most 65536 (4 GiB)", o.MemoryPages)
	}
	if o.MaxBytes > maxFrame || o.MaxText > maxFrame/26 {
		return fault.New(fault.Invalid, "open PDF extractor", "at most %d bytes a file and %d of text", int64(maxFrame), int64(maxFrame/26))
	}
	return nil
}
