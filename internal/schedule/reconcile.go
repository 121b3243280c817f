package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"drugslm/internal/config"
)

// Action is what reconciling does to one schedule.
type Action string

// The actions.
const (
	ActionCreate   Action = "create"
	ActionUpdate   Action = "update"
	ActionDelete   Action = "delete"
	ActionKeep     Action = "keep"     // as it is declared already, or nothing is declared
	ActionConflict Action = "conflict" // somebody else has the name: left alone
)

// Change is what reconciling does to one schedule, and why.
type Change struct {
	Name   string `json:"name"`
	Action Action `json:"action"`
	Reason string `json:"reason"`

	definition Definition
}

// Compare says what must change on the server for it to hold what is declared; existing are the schedules there
// ([Server.Known]). Nothing declared at all (nil, not an empty list) changes nothing. The changes are by name.
func Compare(declared []config.Schedule, existing []Entry) []Change {
	there := make(map[string]Entry, len(existing))
	for _, e := range existing {
		there[e.Definition.Name] = e
	}
	var changes []Change
	wanted := make(map[string]bool, len(declared))
	for _, s := range declared {
		wanted[s.Name] = true
		entry, exists := there[s.Name]
		changes = append(changes, compare(Define(s), entry, exists))
	}
	for _, e := range existing {
		if !e.Declared || wanted[e.Definition.Name] {
			continue
		}
		change := Change{Name: e.Definition.Name, Action: ActionDelete, Reason: "is declared no more", definition: e.Definition}
		if declared == nil {
			change.Action, change.Reason = ActionKeep, "the configuration has no list of schedules: write `schedules: []` to delete it"
		}
		changes = append(changes, change)
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

func compare(d Definition, e Entry, exists bool) Change {
	change := Change{Name: d.Name, definition: d}
	switch {
	case !exists:
		change.Action, change.Reason = ActionCreate, "is declared and not there"
	case e.Foreign:
		change.Action, change.Reason = ActionConflict, "another program has a schedule of that name: declare it under another"
	case !e.Declared:
		change.Action, change.Reason = ActionConflict, fmt.Sprintf("was made by hand: `starter schedule delete %s` lets the declared one take its place", d.Name)
	case !reflect.DeepEqual(d, e.Definition):
		change.Action, change.Reason = ActionUpdate, strings.Join(differences(e.Definition, d), "; ")
	case e.Edited:
		change.Action, change.Reason = ActionUpdate, "was changed on the server"
	default:
		change.Action, change.Reason = ActionKeep, "is as declared"
	}
	return change
}

// differences names the fields in which two definitions differ: "cron: [0 3 * * *] → [0 4 * * *]".
func differences(from, to Definition) []string {
	before, after := fields(from), fields(to)
	var list []string
	for field, old := range before {
		if !reflect.DeepEqual(old, after[field]) {
			list = append(list, fmt.Sprintf("%s: %v → %v", field, shown(old), shown(after[field])))
		}
	}
	for field, value := range after {
		if _, had := before[field]; !had {
			list = append(list, fmt.Sprintf("%s: none → %v", field, value))
		}
	}
	slices.Sort(list)
	return list
}

func shown(v any) any {
	if v == nil {
		return "none"
	}
	return v
}

// fields is a definition as JSON has it. It cannot fail: a definition holds texts, numbers and lists of texts.
func fields(d Definition) map[string]any {
	found := map[string]any{}
	if data, err := json.Marshal(d); err == nil {
		_ = json.Unmarshal(data, &found)
	}
	return found
}

// Writer changes schedules; [Server] does.
type Writer interface {
	Create(ctx context.Context, d Definition, declared bool) error
	Update(ctx context.Context, d Definition) error
	Delete(ctx context.Context, name string) error
}

// Apply makes the changes. Workers that start together make the same ones: who comes second finds them made, which is
// no error.
func Apply(ctx context.Context, w Writer, changes []Change) error {
	var errs []error
	for _, c := range changes {
		var err error
		switch c.Action {
		case ActionCreate:
			if err = w.Create(ctx, c.definition, true); errors.Is(err, ErrExists) {
				err = nil
			}
		case ActionUpdate:
			err = w.Update(ctx, c.definition)
		case ActionDelete:
			if err = w.Delete(ctx, c.Name); errors.Is(err, ErrUnknown) {
				err = nil
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
