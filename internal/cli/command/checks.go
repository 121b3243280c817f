package command

import (
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/ledger"
)

// DeclaredChecks names the checks that an asset has today: the ledger keeps the results of former checks, which are not shown.
func DeclaredChecks(made *asset.Asset) map[string]bool {
	names := map[string]bool{"complete": made.Lists(), asset.Conserved().Name: true}
	for _, c := range made.Checks {
		names[c.Name] = true
	}
	return names
}

// CheckResult gives the document of a result.
func CheckResult(c config.Config, r ledger.Check) api.CheckResult {
	return api.CheckResult{
		Asset: asset.Key(r.Asset), Partition: r.Partition, Check: r.Name, Severity: output.Severity(r.Blocking), Outcome: r.Outcome,
		Observed: r.Observed, Expected: r.Expected, Detail: r.Detail, RunID: r.Run, At: r.At, Link: RunLink(c, r.Run, ""),
	}
}
