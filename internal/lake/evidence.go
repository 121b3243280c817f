package lake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// evidenceFolder is where evidence is kept in the data folder.
const evidenceFolder = "quarantine"

// maxCases is how many folders of evidence are kept: the oldest go. At a few MiB each that is some hundred MiB.
const maxCases = 100

// Evidence stores small folders of files below "quarantine": what the source showed when its format was unknown.
type Evidence struct{ store Store }

// Evidence returns the evidence folders of the lake.
func (l *Lake) Evidence() *Evidence { return &Evidence{l.store} }

// Keep writes files into the folder of that name and returns the name of the folder in the lake. An existing folder is
// not changed: the same name is the same evidence. At most 100 folders are kept, the newest.
func (e *Evidence) Keep(ctx context.Context, name string, files map[string][]byte) (folder string, err error) {
	folder = path.Join(evidenceFolder, name)
	if strings.Contains(name, "/") || folder == evidenceFolder || CheckName(evidenceFolder+"/"+name) != nil {
		return "", fault.New(fault.Invalid, "keep evidence", "%.80q cannot name a folder", name)
	}
	cases, err := e.cases(ctx)
	if err != nil {
		return "", err
	}
	if _, kept := cases[folder]; kept {
		return folder, nil
	}
	if err := e.makeRoom(ctx, cases); err != nil {
		return "", err
	}
	for _, file := range sortedNames(files) {
		if _, err := e.store.Put(ctx, path.Join(folder, file), bytes.NewReader(files[file])); err != nil {
			return "", err
		}
	}
	return folder, nil
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// evidenceCase is one folder.
type evidenceCase struct {
	folder   string
	files    []string
	modified time.Time // its newest file
}

func (e *Evidence) cases(ctx context.Context) (map[string]*evidenceCase, error) {
	found := make(map[string]*evidenceCase)
	for info, err := range e.store.List(ctx, evidenceFolder+"/") {
		if err != nil {
			return nil, err
		}
		folder := path.Dir(info.Name)
		if strings.Count(folder, "/") != 1 {
			continue // not ours
		}
		c := found[folder]
		if c == nil {
			c = &evidenceCase{folder: folder}
			found[folder] = c
		}
		c.files = append(c.files, info.Name)
		if info.Modified.After(c.modified) {
			c.modified = info.Modified
		}
	}
	return found, nil
}

// makeRoom deletes the oldest folders until one more may come.
func (e *Evidence) makeRoom(ctx context.Context, cases map[string]*evidenceCase) error {
	all := make([]*evidenceCase, 0, len(cases))
	for _, c := range cases {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *evidenceCase) int {
		return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.folder, b.folder))
	})
	for len(all) >= maxCases {
		for _, file := range all[0].files {
			if err := e.store.Delete(ctx, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		all = all[1:]
	}
	return nil
}
