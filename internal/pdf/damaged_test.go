package pdf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// bombs are files that unpack to much: of few sizes, since packing them takes long under the race detector.
func bombs(t testing.TB) (files [][]byte) {
	for _, megabytes := range []int64{1, 9, 30, 80} {
		files = append(files, bomb(t, megabytes<<20))
	}
	return files
}

// damage makes a bad file of a good one, or takes a bomb; the same r makes the same file.
func damage(r *rand.Rand, whole []byte, bombs [][]byte) (name string, content []byte) {
	b := bytes.Clone(whole)
	at := func() int { return r.IntN(len(b)) }
	switch kind := r.IntN(8); kind {
	case 0:
		n := 1 + r.IntN(200)
		for range n {
			b[at()] ^= 1 << r.IntN(8)
		}
		return "bits flipped", b
	case 1:
		return "truncated, with an end", append(b[:at()], "\n%%EOF"...)
	case 2:
		from, to := at(), at()
		return "a part is lost", append(b[:min(from, to):min(from, to)], b[max(from, to):]...)
	case 3:
		from, to := at(), at()
		return "a part is there twice", append(b[:max(from, to):max(from, to)], b[min(from, to):]...)
	case 4:
		for i := range b[at():] {
			b[i] = byte(r.Uint32())
		}
		return "noise", b
	case 5:
		objects := []string{"<</Type /Catalog /Pages 2 0 R>>", fmt.Sprintf("<</Type /Pages /Kids [%d 0 R 2 0 R] /Count %d>>", 2+r.IntN(3), r.IntN(1<<20)),
			fmt.Sprintf("<</Type /Page /Parent %d 0 R /Contents %d 0 R /MediaBox [0 0 %d %d]>>", 2+r.IntN(3), 1+r.IntN(5), r.IntN(1<<30), -r.IntN(9)),
			"<</Length 5 0 R>>\nstream\nBT ET\nendstream"}
		return "loops", raw(objects...)
	case 6:
		return "bomb", bombs[r.IntN(len(bombs))]
	default:
		old := []string{"/Length", "/Filter", "obj", "xref", "/Kids", "/Count", "/Font", "Tf", "endstream"}[r.IntN(9)]
		return "a word is another", bytes.ReplaceAll(b, []byte(old), []byte(strings.Repeat("/", r.IntN(3))+"Kids"))
	}
}

// built is the built program as a child, for the long runs: with the race detector in it a child takes four times as long,
// and has one goroutine. Nil, which is the test's own, where it is not built.
func built() []string {
	if dir := os.Getenv("DRUGSLM_BIN"); dir != "" && os.Getenv("DRUGSLM_E2E") == "1" {
		return []string{filepath.Join(dir, "starter"), "pdf-serve"}
	}
	return nil
}

// TestDamaged reads a thousand files, each damaged in a way that its number gives: each ends as text or as a corrupt
// document with its reason, within its time, and the extractor goes on. The quick run reads some of them.
func TestDamaged(t *testing.T) {
	t.Parallel()
	files := 120
	if os.Getenv("DRUGSLM_E2E") == "1" {
		files = 1000
	}
	e := open(t, Options{Command: built(), MemoryPages: 1024, MaxPages: 50, MaxText: 1 << 20, Timeout: 20 * time.Second})
	text := strings.Repeat("Não use este medicamento sem orientação médica. ", 60)
	whole := [][]byte{
		printed(t, nil, text, text, text),
		printed(t, func(f *fpdf.Fpdf) { f.SetCompression(false) }, text, text),
		printed(t, func(f *fpdf.Fpdf) { f.SetProtection(fpdf.CnProtectPrint, "", "owner") }, text),
	}
	packed := bombs(t)
	var mu sync.Mutex
	ends := map[string]int{}
	var reading sync.WaitGroup
	numbers := make(chan int)
	for range 4 {
		reading.Go(func() {
			for i := range numbers {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				name, content := damage(r, whole[i%len(whole)], packed)
				start := time.Now()
				doc, err := e.Extract(t.Context(), content)
				end := "text"
				switch {
				case err != nil && fault.KindOf(err) == fault.Corrupt && strings.TrimPrefix(err.Error(), op+": ") != "":
					end = "refused"
				case err != nil:
					t.Errorf("file %d (%s): %v", i, name, err)
				case len(doc.Pages) == 0:
					t.Errorf("file %d (%s): no pages and no error", i, name)
				case (strings.TrimSpace(doc.Pages[0].Text) == "") == (doc.Pages[0].Source == SourceText) || doc.Pages[0].Source == "":
					t.Errorf("file %d (%s): an empty page of which nothing is said", i, name)
				}
				if took := time.Since(start); took > 2*time.Minute {
					t.Errorf("file %d (%s) took %s", i, name, took)
				}
				if images, err := e.Render(t.Context(), content, RenderOptions{Pages: []int{1}, DPI: 50}); err != nil {
					if fault.KindOf(err) != fault.Corrupt {
						t.Errorf("file %d (%s): draw: %v", i, name, err)
					}
				} else if len(images) != 1 || len(images[0].PNG) == 0 {
					t.Errorf("file %d (%s): no image and no error", i, name)
				}
				mu.Lock()
				ends[end]++
				mu.Unlock()
			}
		})
	}
	for i := range files {
		numbers <- i
	}
	close(numbers)
	reading.Wait()
	require.Equal(t, files, ends["text"]+ends["refused"])
	t.Logf("%d files: %v", files, ends)
	got, err := e.Extract(t.Context(), printed(t, nil, "depois"))
	require.NoError(t, err)
	require.Equal(t, "depois", got.Pages[0].Text)
}
