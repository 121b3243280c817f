package quality

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"strings"

	"drugslm/internal/document"
)

// Report is what was seen of many documents.
type Report struct {
	Rule       []Cost     `json:"rule"`
	Total      Summary    `json:"total"`
	Partitions []Summary  `json:"partitions"` // by key
	Worst      []Document `json:"worst"`      // the worst first; none without a reason
}

// Collector takes documents one after the other, and keeps counters and the worst few. [NewCollector] makes one.
type Collector struct {
	lengths *Lengths
	names   map[string]string // of partitions, by key
	total   *sum
	sums    map[string]*sum
	worst   documents
	most    int
}

// NewCollector makes one that keeps the worst most documents. names are those of partitions, by key; lengths may be nil.
func NewCollector(most int, names map[string]string, lengths *Lengths) *Collector {
	return &Collector{lengths: lengths, names: names, total: newSum("", "total"), sums: make(map[string]*sum), most: most}
}

// Add takes a document of a partition, and its product's row of the catalog; nil where there is none.
func (c *Collector) Add(partition string, r document.Row, row *document.Product) {
	d := Measure(partition, r, row, c.lengths)
	c.total.add(d, r)
	c.of(partition).add(d, r)
	if len(d.Reasons) == 0 || c.most == 0 {
		return
	}
	if len(c.worst) < c.most {
		heap.Push(&c.worst, d)
	} else if worse(d, c.worst[0]) < 0 {
		c.worst[0] = d
		heap.Fix(&c.worst, 0)
	}
}

// Quarantined takes items that are kept back: the reason of one, or of many.
func (c *Collector) Quarantined(partition string, q Quarantine) {
	c.total.keepBack(q)
	c.of(partition).keepBack(q)
}

// Partition makes a partition known: it is in the report even if nothing is in it.
func (c *Collector) Partition(key string) { c.of(key) }

func (c *Collector) of(key string) *sum {
	if c.sums[key] == nil {
		c.sums[key] = newSum(key, c.names[key])
	}
	return c.sums[key]
}

// Report tells what was seen so far.
func (c *Collector) Report() Report {
	r := Report{Rule: Rule(), Total: c.total.end(), Partitions: []Summary{}, Worst: slices.Clone([]Document(c.worst))}
	for _, key := range slices.SortedFunc(maps.Keys(c.sums), byNumber) {
		r.Partitions = append(r.Partitions, c.sums[key].end())
	}
	slices.SortFunc(r.Worst, worse)
	if r.Worst == nil {
		r.Worst = []Document{}
	}
	return r
}

// byNumber orders keys: numbers as such, since those of categories are.
func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(strings.TrimLeft(a, "0123456789")), len(strings.TrimLeft(b, "0123456789"))), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// worse orders documents, the worst first, and those of one score by their names.
func worse(a, b Document) int {
	return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Item, b.Item))
}

// documents are a heap with the best on top: the first to go.
type documents []Document

func (d documents) Len() int           { return len(d) }
func (d documents) Less(i, j int) bool { return worse(d[i], d[j]) > 0 }
func (d documents) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *documents) Push(x any)        { *d = append(*d, x.(Document)) }
func (d *documents) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
