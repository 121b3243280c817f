// Package runlog keeps the log of each run in the data folder.
//
// [Handler] gets every record of a worker. One that was made with a context of telemetry.WithScope is about a run, and goes
// to the run's folder too, at every level: logs/RUN/WORKER.SEGMENT.jsonl, one JSON object a line. Each worker process has
// files of its own, and a line is one write to a file opened for appending, so no two writers mix. [Open] reads the lines of all
// workers by time, and [Log.Next] those that came since.
//
// A log never fails the work. Lines that cannot be written, as on a full disk, are counted, and the next line that can be
// written is preceded by one that says how many were lost. The log of a run keeps at most so many bytes: its first segment
// and its newest ones stay, and a line says what was cut between. A worker that is killed in the middle of a line leaves half of
// it: readers show it as a warning, and a new line begins after it.
package runlog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// FolderName is where the logs are, in the data folder.
const FolderName = "logs"

// maxName is the longest name of a folder: most file systems take 255 bytes.
const maxName = 120

// Folder is where the log of a run is, in a data folder.
func Folder(data, run string) string { return filepath.Join(data, FolderName, folderName(run)) }

// folderName is the name of the folder of a run. It is one element of a path, whatever the id of the run is, and no other
// run has it: bytes that are not plain are escaped as in an address, and a long name ends with a hash.
func folderName(run string) string {
	name := escape(run)
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(run))
	return name[:maxName-17] + "~" + hex.EncodeToString(sum[:8])
}

// escape keeps letters, digits, hyphens, underscores and dots that do not lead.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() == 0 {
		return "%"
	}
	return b.String()
}

// extension ends the names of the files of a log.
const extension = ".jsonl"

// segmentName names a segment of a worker's part of a log. Segments are counted from 1.
func segmentName(worker string, segment int) string {
	return fmt.Sprintf("%s.%06d%s", worker, segment, extension)
}

// segmentOf reads the name of a segment.
func segmentOf(name string) (worker string, segment int, is bool) {
	stem, is := strings.CutSuffix(name, extension)
	dot := strings.LastIndexByte(stem, '.')
	if !is || dot <= 0 {
		return "", 0, false
	}
	if _, err := fmt.Sscanf(stem[dot+1:], "%d", &segment); err != nil || segment < 1 {
		return "", 0, false
	}
	return stem[:dot], segment, true
}
