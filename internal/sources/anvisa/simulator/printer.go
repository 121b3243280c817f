package simulator

import (
	"container/list"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// keptBytes bounds the PDFs kept in memory: a few thousand generated ones.
const keptBytes = 64 << 20

// maxLeafletBytes bounds one file of [Options].Leaflets. The largest real one seen has 2.4 MB.
const maxLeafletBytes = 64 << 20

// printer makes documents when they are asked for, or takes them from files, and keeps the latest.
type printer struct {
	seed  uint64
	files []string // instead of made ones

	mu   sync.Mutex
	kept map[string]*list.Element // of printed, by what it was made from
	used *list.List               // latest first
	size int
}

type printed struct {
	key     string
	content []byte
}

// newPrinter lists the folder's files, if there is a folder. What is in them is served as it is: a broken file is a leaflet
// too, to those who are to cope with one.
func newPrinter(seed uint64, folder string) (*printer, error) {
	p := &printer{seed: seed, kept: map[string]*list.Element{}, used: list.New()}
	if folder == "" {
		return p, nil
	}
	entries, err := os.ReadDir(folder) // sorted by name, so the assignment is stable
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "leaflets", err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.EqualFold(filepath.Ext(entry.Name()), ".pdf") {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		info, err := entry.Info()
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "leaflets", err)
		}
		if info.Size() > maxLeafletBytes {
			return nil, fault.New(fault.Invalid, "leaflets", "%s has more than %d bytes", path, maxLeafletBytes)
		}
		p.files = append(p.files, path)
	}
	if len(p.files) == 0 {
		return nil, fault.New(fault.Invalid, "leaflets", "no PDF in %s", folder)
	}
	return p, nil
}

// print gives the bytes of a document. They must not be changed.
func (p *printer) print(o order) ([]byte, error) {
	if len(p.files) > 0 {
		path := p.files[mix(mixText(o.version.expediente), uint64(o.product.ID), mixText(string(o.audience)))%uint64(len(p.files))]
		return p.keep(path, func() ([]byte, error) { return file.Read(path, maxLeafletBytes) })
	}
	return p.keep(fmt.Sprint(o.doc), func() ([]byte, error) { return makeFile(p.seed, o) })
}

// keep gives what is kept under a key, or makes it. Two callers at once may both make it: it comes out the same.
func (p *printer) keep(key string, produce func() ([]byte, error)) ([]byte, error) {
	p.mu.Lock()
	if e, ok := p.kept[key]; ok {
		p.used.MoveToFront(e)
		defer p.mu.Unlock()
		return e.Value.(printed).content, nil
	}
	p.mu.Unlock()
	content, err := produce()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.kept[key]; !ok {
		p.kept[key] = p.used.PushFront(printed{key, content})
		p.size += len(content)
	}
	for p.size > keptBytes && p.used.Len() > 1 {
		e := p.used.Back()
		old := p.used.Remove(e).(printed)
		delete(p.kept, old.key)
		p.size -= len(old.content)
	}
	return content, nil
}
