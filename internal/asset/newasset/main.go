// Command newasset writes the file of a new asset from a template. It says which word to add to which list:
//
//	go run ./internal/asset/newasset anvisa/makers
//
// It does so for the group anvisa. The file compiles and its asset works. Change it into what you need: see docs/adding-an-asset.md.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed asset.go.tmpl
var source string

var (
	keyPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$`)
	listPattern = regexp.MustCompile(`(?m)^func Assets\(`)
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make new-asset NAME=group/name")
		os.Exit(2)
	}
	written, err := write(".", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stdout, "wrote %s\nadd one word to the list in %s, in func Assets: %s\nthen run: make generate\n", written.File, written.List, written.Word)
}

// result is what was written, and what is left to do by hand.
type result struct {
	File string // the new file
	List string // the file with func Assets
	Word string // what to add to its list
}

// declaration is what the template is filled with.
type declaration struct {
	Key, Name, Package, Location string
}

// write writes the file of an asset in the repository at root. It replaces no file.
func write(root, key string) (result, error) {
	if !keyPattern.MatchString(key) {
		return result{}, fmt.Errorf(`%q is no key: want "group/name" of lower-case letters, digits and _`, key)
	}
	group, name, _ := strings.Cut(key, "/")
	lists, err := findLists(root)
	if err != nil {
		return result{}, err
	}
	at := slices.IndexFunc(lists, func(l list) bool { return l.group(group) })
	if at < 0 {
		return result{}, fmt.Errorf("no folder under internal has assets of the group %q: write its list, func Assets, first", group)
	}
	d := declaration{Key: key, Name: exported(name), Package: lists[at].name, Location: "processed/" + key}
	if group != "anvisa" {
		return result{}, fmt.Errorf("the template counts the catalog of anvisa, which %s may not import: copy an asset of %s, and see docs/adding-an-asset.md", path.Dir(lists[at].file), group)
	}
	var text bytes.Buffer
	if err := template.Must(template.New("asset").Parse(source)).Execute(&text, d); err != nil {
		return result{}, err
	}
	formatted, err := format.Source(text.Bytes())
	if err != nil {
		return result{}, fmt.Errorf("format the template: %w", err)
	}
	out := result{File: path.Join(path.Dir(lists[at].file), name+".go"), List: lists[at].file, Word: d.Name + "(categories)"}
	file, err := os.OpenFile(filepath.Join(root, filepath.FromSlash(out.File)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return result{}, fmt.Errorf("write the asset: %w: choose another name", err)
	}
	if _, err := file.Write(formatted); err != nil {
		file.Close()
		return result{}, fmt.Errorf("write the asset: %w", err)
	}
	return out, file.Close()
}

// list is a file that declares a list of assets.
type list struct {
	file string // "internal/sources/anvisa/assets.go"
	name string // of its package
}

// group reports whether the list is of a group: a folder on its path is called so.
func (l list) group(name string) bool {
	return slices.Contains(strings.Split(path.Dir(l.file), "/"), name)
}

// findLists finds the files under internal that declare func Assets.
func findLists(root string) ([]list, error) {
	var found []list
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file) //nolint:gosec // the tree is the one that the person works in
		if err != nil || !listPattern.Match(text) {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		found = append(found, list{filepath.ToSlash(name), parsed.Name.Name})
		return err
	})
	return found, err
}

// exported is a name of a key as a name of Go: "open_data" is OpenData.
func exported(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
