package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/sources"
)

// Data is what a data folder holds: the ledger and the lake, with the assets they are about.
type Data struct {
	Graph  *asset.Graph
	Ledger *ledger.Ledger
	Lake   *lake.Lake
	Root   string // of the lake, absolute
	Now    func() time.Time
	Room   func() error // fault.Full when the lake has to keep free what is left

	Documents []document.Collection // of all sources
}

// Stored is what is kept of a source as it came.
type Stored struct {
	Leaflets   Files // the PDFs
	Quarantine Files // what came instead of one
}

// Stored gives the files of a source.
func (d *Data) Stored(source string) Stored {
	return Stored{
		Leaflets:   Files{d.Lake.Blobs("raw/"+source+"/leaflets", ".pdf")},
		Quarantine: Files{d.Lake.Blobs("raw/"+source+"/quarantine", ".bin")},
	}
}

// Leaflets are the PDFs of the source that an asset is of.
func (d *Data) Leaflets(key asset.Key) Files {
	source, _, _ := strings.Cut(string(key), "/")
	return d.Stored(source).Leaflets
}

// LedgerFile is the ledger's file in a data folder.
func LedgerFile(data string) string { return filepath.Join(data, "ledger.db") }

// Graph is every asset there is, as definitions only: enough to plan and to list.
func Graph() (*asset.Graph, error) { return graphOf(sourcesOf(config.Default()), noTools) }

// OpenData opens the folder that a configuration names, and makes it if it is missing.
func OpenData(ctx context.Context, c config.Config) (*Data, error) {
	return openData(ctx, c, 0, sourcesOf(c))
}

// ReadData opens the folder that a configuration names for reading. It creates and changes nothing: a folder without a
// ledger is fault.Invalid.
func ReadData(ctx context.Context, c config.Config) (*Data, error) {
	root, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "open data folder", err)
	}
	clock, err := systemClock()
	if err != nil {
		return nil, err
	}
	l, err := ledger.OpenToRead(ctx, LedgerFile(root), ledger.WithClock(clock))
	if err != nil {
		return nil, err
	}
	d, err := dataOf(root, l, 0, sourcesOf(c))
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return d, nil
}

// ChangeData opens the folder that a configuration names, and is fault.Invalid if it has no ledger.
func ChangeData(ctx context.Context, c config.Config) (*Data, error) {
	root, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "open data folder", err)
	}
	if err := ledger.Exists(LedgerFile(root)); err != nil {
		return nil, err
	}
	return OpenData(ctx, c)
}

// openData opens the folder for the assets of sources, and keeps some bytes free in its lake. Who looks, repairs or frees room needs none.
func openData(ctx context.Context, c config.Config, floor config.Size, all []sources.Source) (*Data, error) {
	root, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "open data folder", err)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fault.New(fault.Unavailable, "open data folder", "%w: choose another with --data or DRUGSLM_DATA", err)
	}
	clock, err := systemClock()
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(ctx, LedgerFile(root), ledger.WithClock(clock))
	if err != nil {
		return nil, err
	}
	d, err := dataOf(root, l, floor, all)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return d, nil
}

// dataOf is what a folder that exists holds, with its ledger.
func dataOf(root string, l *ledger.Ledger, floor config.Size, all []sources.Source) (*Data, error) {
	store, err := lake.Dir(root)
	if err != nil {
		return nil, err
	}
	store = store.KeepFree(int64(floor))
	graph, err := graphOf(all, noTools)
	if err != nil {
		return nil, err
	}
	return &Data{
		Graph: graph, Documents: collectionsOf(all), Ledger: l, Lake: lake.New(store), Root: root, Room: store.Room, Now: l.Now,
	}, nil
}

// Close closes the ledger.
func (d *Data) Close() error { return d.Ledger.Close() }

// Table is the table of an asset.
func (d *Data) Table(a *asset.Asset) *lake.Table {
	return d.Lake.Table(a.Location, a.Codec, a.Partitions.Name)
}

// Files keeps bytes in the lake under their sha256.
type Files struct{ *lake.Blobs }

// maxFile is the largest file that is read back: the site's client takes no larger one.
const maxFile = 64 << 20

// Get reads the bytes with a sha256.
func (f Files) Get(ctx context.Context, sha256 string) ([]byte, error) {
	object, err := f.Open(ctx, sha256)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.NewSectionReader(object, 0, min(object.Size(), maxFile)))
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Path(sha256), err)
	}
	return content, nil
}
