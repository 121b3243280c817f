package asset

import (
	"fmt"
	"slices"
	"time"

	"drugslm/internal/cron"
	"drugslm/internal/fault"
)

// Window says how time is cut into partitions: from one tick of a cron expression to the next. A window is a partition
// once it has ended.
type Window struct {
	Cron   string // five fields, or "@daily" and the like: where windows begin and end
	Zone   string // of the ticks, as in "America/Sao_Paulo"; empty: UTC
	Start  string // the first day, "2013-01-01", in Zone
	Layout string // of keys, as time.Format takes it: "2006-01-02". It must tell any two windows apart
	Ahead  int    // windows that have not ended yet and are partitions all the same; 1: the present one too
}

// Layouts of the keys of the common windows. An hour's has its offset, since one hour a year comes twice in some zones.
const (
	HourLayout  = "2006-01-02T15Z0700"
	DayLayout   = time.DateOnly
	MonthLayout = "2006-01"
)

// Hourly is a set of hours, from a first day on.
func Hourly(name, zone, start string) *Partitions {
	return Windows(name, Window{Cron: "0 * * * *", Zone: zone, Start: start, Layout: HourLayout})
}

// Daily is a set of days.
func Daily(name, zone, start string) *Partitions {
	return Windows(name, Window{Cron: "0 0 * * *", Zone: zone, Start: start, Layout: DayLayout})
}

// Weekly is a set of weeks that begin on Monday, named by it.
func Weekly(name, zone, start string) *Partitions {
	return Windows(name, Window{Cron: "0 0 * * 1", Zone: zone, Start: start, Layout: DayLayout})
}

// Monthly is a set of months.
func Monthly(name, zone, start string) *Partitions {
	return Windows(name, Window{Cron: "0 0 1 * *", Zone: zone, Start: start, Layout: MonthLayout})
}

// Windows is a set of windows of time along any cron expression.
func Windows(name string, w Window) *Partitions {
	p := &Partitions{Name: name, kind: windowSet}
	var err error
	if p.window, err = newWindows(w); err != nil {
		p.problems = append(p.problems, err)
	}
	return p
}

// windows finds windows by their mark: the tick at which one begins. Marks of windows of a day and longer are times of
// the calendar, kept as UTC, because in some zones and years a day has no midnight; those of shorter ones are instants.
type windows struct {
	Window
	ticks    cron.Schedule
	zone     *time.Location
	calendar bool
	first    time.Time // mark
}

func newWindows(w Window) (*windows, error) {
	ticks, err := cron.Parse(w.Cron, w.Zone)
	if err != nil {
		return nil, err
	}
	s := &windows{Window: w, ticks: ticks, zone: ticks.Location(), calendar: ticks.Shortest() > 20*time.Hour}
	if s.calendar {
		if s.ticks, err = cron.Parse(w.Cron, ""); err != nil {
			return nil, err
		}
	}
	start, err := s.mark(DayLayout, w.Start)
	if err != nil {
		return nil, fmt.Errorf("first day %q: want one such as 2013-01-01", w.Start)
	}
	if w.Ahead < 0 {
		return nil, fmt.Errorf("%d windows ahead: want none, or some", w.Ahead)
	}
	s.first = s.ticks.Next(start.Add(-time.Second))
	return s, s.checkDistinct()
}

// mark reads a mark.
func (s *windows) mark(layout, text string) (time.Time, error) {
	if s.calendar {
		return time.Parse(layout, text)
	}
	return time.ParseInLocation(layout, text, s.zone)
}

// key names the window that begins at a mark.
func (s *windows) key(mark time.Time) string {
	if s.calendar {
		return mark.Format(s.Layout)
	}
	return mark.In(s.zone).Format(s.Layout)
}

// instant is the moment of a mark: the first one of the day, where the clock jumps over the time itself.
func (s *windows) instant(mark time.Time) time.Time {
	if !s.calendar || mark.IsZero() {
		return mark
	}
	year, month, day := mark.Date()
	at := time.Date(year, month, day, mark.Hour(), mark.Minute(), 0, 0, s.zone)
	_, offset := at.Zone()
	if shown := at.Add(time.Duration(offset) * time.Second).UTC(); shown.Before(mark) {
		at = at.Add(mark.Sub(shown))
	}
	return at
}

// tried is how much of the windows is tried when a set is declared: a year, in which every change of the clock comes.
const tried = 366 * 24 * time.Hour

// checkDistinct wants keys that are read back as the window they name.
func (s *windows) checkDistinct() error {
	for at := s.first; at.Sub(s.first) < tried; {
		key := s.key(at)
		if back, err := s.mark(s.Layout, key); err != nil || !back.Equal(at) {
			return fmt.Errorf("keys such as %q (layout %q) do not tell the windows of cron %q apart", key, s.Layout, s.Cron)
		}
		if at = s.ticks.Next(at); at.IsZero() {
			return nil
		}
	}
	return nil
}

// until gives the windows that have ended by now, and those ahead, with the second in which each begins.
func (s *windows) until(now time.Time) (list []Partition, from []int64) {
	if s == nil {
		return nil, nil
	}
	ahead := s.Ahead
	for mark := s.first; !mark.IsZero(); {
		next := s.ticks.Next(mark)
		if next.IsZero() || s.instant(next).After(now) {
			if ahead == 0 {
				break
			}
			ahead--
		}
		key := s.key(mark)
		list, from = append(list, Partition{Key: key, Label: key}), append(from, s.instant(mark).Unix())
		mark = next
	}
	return list, from
}

// parse gives the mark of a key.
func (s *windows) parse(key string) (time.Time, error) {
	const op = "read time window"
	mark, err := s.mark(s.Layout, key)
	if err != nil {
		return mark, fault.New(fault.Invalid, op, "%q is no window: want one such as %q", key, s.key(s.first))
	}
	if tick := s.ticks.Next(mark.Add(-time.Second)); !tick.Equal(mark) || mark.Before(s.first) {
		return mark, fault.New(fault.Invalid, op, "no window begins at %q: the next is %q", key, s.key(s.ticks.Next(latest(mark, s.first).Add(-time.Second))))
	}
	return mark, nil
}

// follows reports whether a window begins where another ends.
func (s *windows) follows(key, next string) bool {
	mark, err := s.parse(key)
	if err != nil {
		return false
	}
	other, err := s.mark(s.Layout, next)
	return err == nil && other.Equal(s.ticks.Next(mark))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// span is a length of time, its end not included.
type span struct{ start, end time.Time }

func (a span) overlaps(b span) bool { return a.start.Before(b.end) && b.start.Before(a.end) }

// span is the time of a window, its beginning and its end moved by so many windows.
func (s *windows) span(key string, begin, end int) (span, error) {
	mark, err := s.parse(key)
	if err != nil {
		return span{}, err
	}
	return span{s.instant(s.move(mark, begin)), s.instant(s.move(s.ticks.Next(mark), end))}, nil
}

// move goes so many windows on from a mark, or back.
func (s *windows) move(mark time.Time, windows int) time.Time {
	for ; windows > 0; windows-- {
		mark = s.ticks.Next(mark)
	}
	for ; windows < 0; windows++ {
		mark = s.ticks.Prev(mark.Add(-time.Second))
	}
	return mark
}

// within gives the indices, from and to, of the windows in k that overlap a length of time.
func (k Keys) within(w span) (from, to int) {
	from, exact := slices.BinarySearch(k.from, w.start.Unix())
	if !exact && from > 0 {
		if before, err := k.set.window.span(k.list[from-1].Key, 0, 0); err == nil && before.end.After(w.start) {
			from--
		}
	}
	to, _ = slices.BinarySearch(k.from, w.end.Unix())
	return from, max(from, to)
}
