package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes; [AutoSize] leaves it to the program.
type Size int64

// AutoSize is written "auto".
const AutoSize Size = -1

// String writes a size as a user would: 64GiB, 500MB, auto.
func (s Size) String() string {
	if s == AutoSize {
		return "auto"
	}
	for _, unit := range []struct {
		name string
		size Size
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if s > 0 && s%unit.size == 0 {
			return strconv.FormatInt(int64(s/unit.size), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads what String writes, and the like: 1.5 GB, 1024.
func parseSize(text string) (Size, error) {
	if strings.EqualFold(text, "auto") {
		return AutoSize, nil
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 || strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("%q is no size: write 500MB, 64GiB or 0", text)
	}
	return Size(n), nil
}
