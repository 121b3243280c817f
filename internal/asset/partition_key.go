package asset

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"drugslm/internal/fault"
)

// The sizes of keys, in bytes. A partition is a folder "set=key", in which each byte that is no letter a to z, digit, _, - or .
// is written as three, and file systems take 255 bytes a name. Whatever fits there also fits into a workflow's id and into a
// search attribute.
const (
	maxPartitionKey = 200
	maxFolderName   = 255
	maxSetName      = 100
)

// nullPartition is the folder that Hive and Spark give rows without a value.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// folderBytes is how many bytes a text takes in the name of a folder.
func folderBytes(s string) int {
	n := len(s)
	for _, c := range []byte(s) {
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
		if !plain {
			n += 2
		}
	}
	return n
}

// CheckPartitionKey says what is wrong with a key, whatever set it is for: it is written into folder names, workflow ids, lists
// (with commas), ranges (with "..") and products (with "|"). Code that reads a key from a user calls [Graph.CheckKey].
func CheckPartitionKey(key string) error {
	const op = "use partition key"
	switch {
	case key == "":
		return fault.New(fault.Invalid, op, "the key is empty")
	case len(key) > maxPartitionKey:
		return fault.New(fault.Invalid, op, "%.20q… has %d bytes, at most %d are allowed", key, len(key), maxPartitionKey)
	case !utf8.ValidString(key):
		return fault.New(fault.Invalid, op, "%q is not UTF-8", key)
	case strings.TrimSpace(key) != key:
		return fault.New(fault.Invalid, op, "%q begins or ends with a blank", key)
	case strings.Contains(key, ".."):
		return fault.New(fault.Invalid, op, "%q holds .., which makes a range", key)
	case !norm.NFC.IsNormalString(key):
		return fault.New(fault.Invalid, op, "%q holds accents apart from their letters (%+q): the same text composed is %+q", key, key, norm.NFC.String(key))
	case key == nullPartition:
		return fault.New(fault.Invalid, op, "%q is what readers of tables take for no value", key)
	}
	for _, r := range key {
		if strings.ContainsRune(`,|/\[]*?"'`, r) || unicode.IsControl(r) || !unicode.IsPrint(r) {
			return fault.New(fault.Invalid, op, "%q holds %q: letters, digits, blanks and marks such as - _ . : + @ # are allowed", key, r)
		}
	}
	return nil
}

// fits says whether a key leaves the name of a folder short enough: room is what it may take.
func (p *Partitions) fits(key string, room int) error {
	if n := folderBytes(key); n > room {
		return fault.New(fault.Invalid, "use partition key", "%.20q… takes %d bytes in the name of a folder of %q, at most %d are allowed: "+
			"an accented letter, a blank or a mark takes three for each of its bytes", key, n, p.Name, room)
	}
	return nil
}

// CheckKey says what is wrong with a key of this set.
func (p *Partitions) CheckKey(key string) error {
	if err := CheckPartitionKey(key); err != nil {
		return err
	}
	return p.fits(key, maxFolderName-folderBytes(p.Name)-len("="))
}

// checkDimension says what is wrong with a key of one of the two sets of a product: each has half of the room.
func (p *Partitions) checkDimension(key string) error {
	return p.fits(key, (maxFolderName-folderBytes(p.Name)-len("=")-folderBytes(productSeparator))/2)
}

// CheckKey says what is wrong with a key for a dynamic set, in every set that it becomes part of. A key that is let in can be
// published.
func (g *Graph) CheckKey(set, key string) error {
	if key == Everything {
		return fault.New(fault.Invalid, "use partition key", "%q means every partition where partitions are named", key)
	}
	if err := CheckPartitionKey(key); err != nil {
		return err
	}
	for _, a := range g.All() {
		for _, own := range a.Partitions.Sets() {
			if own.Name != set {
				continue
			}
			if err := own.CheckKey(key); err != nil {
				return err
			}
			if own == a.Partitions {
				continue
			}
			if err := a.Partitions.checkDimension(key); err != nil {
				return err
			}
		}
	}
	return nil
}
