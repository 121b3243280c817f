package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"

	"drugslm/internal/fault"
)

// Blobs stores each file once, under the SHA-256 of its content: "raw/anvisa/leaflets/ab/abcd….pdf".
type Blobs struct {
	store  Store
	prefix string
	ext    string
}

// Blobs returns the files below prefix ("raw/anvisa/leaflets") with the extension ext (".pdf").
func (l *Lake) Blobs(prefix, ext string) *Blobs {
	return &Blobs{l.store, strings.Trim(prefix, "/"), "." + strings.TrimPrefix(ext, ".")}
}

// Put stores content. It returns the SHA-256 in hex, and whether the content was written. When it returns nil, the
// content survives a power cut. A file of another size under that name is damaged and is replaced.
func (b *Blobs) Put(ctx context.Context, content []byte) (sha string, created bool, err error) {
	sum := sha256.Sum256(content)
	sha = hex.EncodeToString(sum[:])
	size, err := b.size(ctx, sha)
	switch {
	case err == nil && size == int64(len(content)):
		return sha, false, nil
	case err == nil:
		_, err = b.store.Put(ctx, b.Path(sha), bytes.NewReader(content))
	case errors.Is(err, fs.ErrNotExist):
		err = b.store.Create(ctx, b.Path(sha), bytes.NewReader(content))
		if errors.Is(err, fs.ErrExist) { // somebody else had the same just now
			return sha, false, nil
		}
	}
	return sha, err == nil, err
}

func (b *Blobs) size(ctx context.Context, sha string) (int64, error) {
	o, err := b.store.Open(ctx, b.Path(sha))
	if err != nil {
		return 0, err
	}
	return o.Size(), o.Close()
}

// Path returns the name, in the store, of the content with that SHA-256.
func (b *Blobs) Path(sha string) string {
	return path.Join(b.prefix, sha[:min(2, len(sha))], sha+b.ext)
}

// Open opens the content with that SHA-256; fs.ErrNotExist if it is not stored. Its bytes are not verified: see Verify.
func (b *Blobs) Open(ctx context.Context, sha string) (Object, error) {
	if sum, err := hex.DecodeString(sha); err != nil || len(sum) != sha256.Size || strings.ToLower(sha) != sha {
		return nil, fault.New(fault.Invalid, "open blob", "%.80q is not a SHA-256", sha)
	}
	return b.store.Open(ctx, b.Path(sha))
}

// Each yields the stored files, in no particular order.
func (b *Blobs) Each(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for info, err := range b.store.List(ctx, b.prefix+"/") {
			if err == nil && !strings.HasSuffix(info.Name, b.ext) {
				continue
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// Verify reads the content again and compares its SHA-256. A difference is fault.Corrupt.
func (b *Blobs) Verify(ctx context.Context, sha string) error {
	o, err := b.Open(ctx, sha)
	if err != nil {
		return err
	}
	defer o.Close()
	h := sha256.New()
	if _, err := io.Copy(h, until(ctx, io.NewSectionReader(o, 0, o.Size()))); err != nil {
		return fmt.Errorf("verify %s: %w", b.Path(sha), err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sha {
		return fault.New(fault.Corrupt, "verify "+b.Path(sha), "its content has the SHA-256 %s", got)
	}
	return nil
}
