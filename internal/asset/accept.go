package asset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// Acceptable checks the names after --accept against the blocking checks of the assets selected, all mistakes at once.
// The engine's own cannot be accepted: without them the ledger would no longer know what the table holds.
func Acceptable(selected []*Asset, names []string) error {
	var blocking, warnings []string
	for _, a := range selected {
		for _, c := range a.Checks {
			if c.Blocking {
				blocking = append(blocking, c.Name)
			} else {
				warnings = append(warnings, c.Name)
			}
		}
	}
	slices.Sort(blocking)
	blocking = slices.Compact(blocking)
	var errs []error
	for _, name := range names {
		switch {
		case slices.Contains(blocking, name):
		case name == "complete":
			errs = append(errs, errors.New(`"complete" cannot be accepted: a listing that lacks items would make them absent; materialize again when the source is whole`))
		case name == "conserved":
			errs = append(errs, errors.New(`"conserved" cannot be accepted: the table would no longer hold what the ledger says; materialize again, which does what is pending`))
		case slices.Contains(warnings, name):
			errs = append(errs, fmt.Errorf("%q is a warning and stops nothing: leave it out", name))
		case len(blocking) == 0:
			errs = append(errs, fmt.Errorf("%q is no check: nothing that is selected has one that blocks", name))
		default:
			errs = append(errs, fmt.Errorf("%q is no blocking check of what is selected%s; known: %s", short(name), near(name, blocking), strings.Join(blocking, ", ")))
		}
	}
	return fault.Wrap(fault.Invalid, "accept checks", errors.Join(errs...))
}

// Accept marks the verdicts that a person lets through: those that would stop the publish, by name.
func Accept(verdicts []CheckResult, names []string) []CheckResult {
	accepted := slices.Clone(verdicts)
	for i, v := range accepted {
		accepted[i].Accepted = v.Stops() && slices.Contains(names, v.Name) && !slices.Contains(engine, v.Name)
	}
	return accepted
}
