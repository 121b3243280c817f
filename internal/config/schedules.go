package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"drugslm/internal/cron"
	"drugslm/internal/fault"
)

// Schedule is what runs by itself: a selection, when, and how. It is declared in the file, in the list "schedules", or
// made by hand with the same fields. Tags give each field's name in the file and its help for documents.
type Schedule struct {
	Name           string        `key:"name" help:"Its name, with which the ids of its runs begin."`
	Select         []string      `key:"select" help:"The assets, as after starter materialize."`
	Cron           []string      `key:"cron" help:"When: five fields (minute, hour, day of month, month, day of week) or @hourly, @daily, @weekly, @monthly, @yearly."`
	Every          time.Duration `key:"every" help:"When, as an interval counted from 1970 in UTC; instead of cron."`
	TZ             string        `key:"tz" help:"Time zone of cron, such as America/Sao_Paulo; empty: UTC."`
	Jitter         time.Duration `key:"jitter" help:"Longest random delay of each run; less than the time between two."`
	Overlap        string        `key:"overlap" help:"What happens when the last run has not ended." oneof:"skip buffer-one buffer-all cancel-other terminate-other allow-all"`
	Catchup        time.Duration `key:"catchup" help:"How late a run that the server missed may still begin; at least 10s."`
	PauseOnFailure bool          `key:"pause_on_failure" help:"Pause the schedule when a run of it fails."`
	Partitions     []string      `key:"partitions" help:"Only these partitions, by key or name; none: all."`
	Mode           string        `key:"mode" help:"What is done: needed, or as by the flag of that name." oneof:"needed missing stale failed force"`
	Priority       int           `key:"priority" help:"Whose tasks go first, 1 to 5; 1 first."`
	Note           string        `key:"note" help:"A line for people."`
	Paused         bool          `key:"paused" help:"Make it paused. A pause by hand outlives this."`
}

// Needed is the mode of a schedule that does whatever needs doing.
const Needed = "needed"

// DefaultSchedule has what a schedule has when nothing is said. Runs that a server missed are made up for if they are
// hours late, and not if they are months late.
func DefaultSchedule() Schedule {
	return Schedule{Overlap: "skip", Catchup: 6 * time.Hour, Mode: Needed, Priority: 2}
}

// Problem is a mistake in one field of a schedule: "cron", or "cron[1]" for one of several.
type Problem struct {
	Field string
	Err   error
}

// Bounds of what a schedule holds. Temporal keeps all of it in each run's history.
const (
	minCatchup  = 10 * time.Second // the server's
	maxLine     = 500              // bytes of a note, an expression or a term of a selection
	maxList     = 100              // entries of a list
	maxPriority = 5                // Temporal's
)

// scheduleName leaves out what would need escaping in a link, in a shell or in a path.
var scheduleName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$`)

// ScheduleKeys lists the fields of a declared schedule in the order of [Schedule]. They have neither variable nor flag.
func ScheduleKeys() []Key {
	keys := keysOf(reflect.ValueOf(DefaultSchedule()), nil, "")
	for i := range keys {
		keys[i].Env, keys[i].Flag = nil, ""
	}
	return keys
}

// Times reads when a schedule fires.
func (s Schedule) Times() (cron.Set, error) {
	if s.Every > 0 {
		every, err := cron.Every(s.Every)
		return cron.Set{every}, err
	}
	set := make(cron.Set, len(s.Cron))
	for i, expr := range s.Cron {
		var err error
		if set[i], err = cron.Parse(expr, s.TZ); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// Problems says everything that is wrong with a schedule, in the order of its fields. Whether its assets and partitions
// exist is not known here.
func (s Schedule) Problems() []Problem {
	var found []Problem
	problem := func(field string, err error) {
		if err != nil {
			found = append(found, Problem{Field: field, Err: err})
		}
	}
	if !scheduleName.MatchString(s.Name) {
		problem("name", fmt.Errorf("%q is no name: want up to 64 of a-z, 0-9, '.', '_' and '-', with a letter or digit first and last, "+
			"as the ids of its runs begin with it", s.Name))
	}
	if reserved(s.Name) {
		problem("name", fmt.Errorf("%q is reserved: the program and the server name schedules and runs of their own so; choose another", s.Name))
	}
	if len(s.Select) == 0 {
		problem("select", errors.New(`nothing is selected; "*" is everything`))
	}
	found = append(found, s.lines()...)
	found = append(found, s.when()...)
	for _, k := range ScheduleKeys() {
		if len(k.OneOf) > 0 {
			problem(k.Name, k.allowed(reflect.ValueOf(s).FieldByIndex(k.field)))
		}
	}
	if s.Catchup < minCatchup {
		problem("catchup", fmt.Errorf("%s is less than %s", shortDuration(s.Catchup), minCatchup))
	}
	if s.Priority < 1 || s.Priority > maxPriority {
		problem("priority", fmt.Errorf("%d is not between 1 and %d", s.Priority, maxPriority))
	}
	return found
}

// reserved reports whether a schedule's name is one that is not a person's to give: that of the schedule that evaluates
// automation, which a worker deletes or replaces when it starts; one whose runs would look like automation's; and one of
// Temporal's own.
func reserved(name string) bool {
	return name == "automation" || strings.HasPrefix(name, "automation-") || strings.HasPrefix(name, "temporal-sys-")
}

// lines bounds the texts.
func (s Schedule) lines() []Problem {
	var found []Problem
	for field, list := range map[string][]string{
		"select": s.Select, "cron": s.Cron, "partitions": s.Partitions, "note": {s.Note}, "tz": {s.TZ},
	} {
		for i, line := range list {
			switch {
			case len(list) > maxList:
				found = append(found, Problem{field, fmt.Errorf("has %d entries: want at most %d", len(list), maxList)})
			case len(line) > maxLine || strings.ContainsAny(line, "\r\n"):
				found = append(found, Problem{field, fmt.Errorf("must be one line of at most %d bytes", maxLine)})
			case strings.TrimSpace(line) == "" && field != "note" && field != "tz":
				found = append(found, Problem{entry(field, i, len(list)), errors.New("is empty")})
			default:
				continue
			}
			break
		}
	}
	slices.SortFunc(found, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	return found
}

// when says what is wrong with the times.
func (s Schedule) when() []Problem {
	var found []Problem
	switch {
	case len(s.Cron) > 0 && s.Every != 0:
		return []Problem{{"every", errors.New("is given beside cron: want one of them")}}
	case len(s.Cron) == 0 && s.Every == 0:
		return []Problem{{"cron", errors.New("is missing: want cron, such as \"30 3 * * *\", or every, such as 12h")}}
	case s.Every != 0:
		if _, err := cron.Every(s.Every); err != nil {
			found = append(found, Problem{"every", err})
		}
		if s.TZ != "" {
			found = append(found, Problem{"tz", errors.New("an interval has no time zone: leave it out, or use cron")})
		}
	default:
		if _, err := cron.Zone(s.TZ); err != nil {
			found = append(found, Problem{"tz", err})
		}
		for i, expr := range s.Cron {
			if _, err := cron.Parse(expr, ""); err != nil && strings.TrimSpace(expr) != "" {
				found = append(found, Problem{entry("cron", i, len(s.Cron)), err})
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	times, err := s.Times()
	if err != nil {
		return nil // an empty expression, which is told of already
	}
	if shortest := times.Shortest(); s.Jitter < 0 || s.Jitter >= shortest {
		found = append(found, Problem{"jitter", fmt.Errorf("%s: want less than %s, the shortest time between two runs",
			shortDuration(s.Jitter), shortDuration(shortest))})
	}
	return found
}

// entry names one of a list's entries, or the list when it is the only one.
func entry(field string, i, of int) string {
	if of == 1 {
		return field
	}
	return fmt.Sprintf("%s[%d]", field, i)
}

// readSchedules reads the list of the file; raw is what YAML made of it. An absent list, or one of which every line is
// commented out, is nil; an empty one ([]) is not.
func readSchedules(raw any) ([]Schedule, []error) {
	if raw == nil {
		return nil, nil
	}
	list, ok := raw.([]any)
	if !ok {
		return nil, []error{errors.New("schedules: want a list of schedules, or [] for none")}
	}
	var errs []error
	found := make([]Schedule, len(list))
	for i, one := range list {
		fields, ok := one.(map[string]any)
		if !ok {
			errs = append(errs, fmt.Errorf("schedules[%d]: want fields such as name, select and cron", i))
			continue
		}
		schedule, problems := readSchedule(fields)
		found[i] = schedule
		for _, p := range problems {
			errs = append(errs, fmt.Errorf("schedules[%d].%s: %w", i, p.Field, p.Err))
		}
	}
	return found, append(errs, twice(found)...)
}

// readSchedule reads one entry of the list. A field that cannot be read is complained about once.
func readSchedule(fields map[string]any) (Schedule, []Problem) {
	s := DefaultSchedule()
	var found []Problem
	bad := map[string]bool{}
	names := make([]string, 0, len(ScheduleKeys()))
	for _, k := range ScheduleKeys() {
		names = append(names, k.Name)
		raw, given := fields[k.Name]
		if !given {
			continue
		}
		if err := parseField(reflect.ValueOf(&s).Elem().FieldByIndex(k.field), raw); err != nil {
			bad[k.Name] = true
			found = append(found, Problem{k.Name, err})
		}
	}
	for name := range fields {
		if !slices.Contains(names, name) {
			found = append(found, Problem{name, fmt.Errorf("there is no such field; there are %s", strings.Join(nearestFirst(name, names), ", "))})
		}
	}
	bad["cron"], bad["every"] = bad["cron"] || bad["every"], bad["cron"] || bad["every"] // either stands for the other
	for _, p := range s.Problems() {
		if field, _, _ := strings.Cut(p.Field, "["); !bad[field] {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	return s, found
}

// parseField is parse, but a text for a list is its one entry: expressions and selections have commas in them.
func parseField(field reflect.Value, raw any) error {
	if text, ok := raw.(string); ok && field.Kind() == reflect.Slice {
		raw = []any{text}
	}
	if list, ok := raw.([]any); ok {
		for _, one := range list {
			switch one.(type) {
			case string, int, int64, uint64, float64, bool:
			default:
				return errors.New("want a text, or a list of texts")
			}
		}
	}
	return parse(field, raw)
}

// twice complains about names that are taken.
func twice(list []Schedule) []error {
	var errs []error
	first := map[string]int{}
	for i, s := range list {
		if at, taken := first[s.Name]; taken && s.Name != "" {
			errs = append(errs, fmt.Errorf("schedules[%d].name: %q is the name of schedules[%d] too", i, s.Name, at))
			continue
		}
		first[s.Name] = i
	}
	return errs
}

// scheduleMistakes holds schedules that no file was read for against the same rules.
func (c Config) scheduleMistakes() []error {
	var errs []error
	for i, s := range c.Schedules {
		for _, p := range s.Problems() {
			errs = append(errs, fmt.Errorf("schedules[%d].%s: %w", i, p.Field, p.Err))
		}
	}
	return append(errs, twice(c.Schedules)...)
}

// Check reports everything that is wrong with one schedule as a fault.Invalid; name says what a field is called where it
// was typed.
func (s Schedule) Check(name func(field string) string) error {
	var errs []error
	for _, p := range s.Problems() {
		errs = append(errs, fmt.Errorf("%s: %w", name(p.Field), p.Err))
	}
	return fault.Wrap(fault.Invalid, "", errors.Join(errs...))
}
