// Package chaos holds the chaos harness. It runs the whole lineage while it kills, stops, cuts off, fills up, upgrades and
// rewrites whatever the lineage stands on, and then asks whether anything was lost. [Run] does all of it:
//
//   - a simulated portal with every fault on, the Temporal server, several workers on one data folder, and a Selenium Grid
//     where Java is there, each a process of its own behind a TCP proxy of ours (supervisor.go, proxy.go, site.go);
//   - a run of everything after the other, with a new day at the portal between two (runner.go);
//   - disturbances whose kinds, order, moments and targets come from a seed (schedule.go, disturb*.go), each in the timeline;
//   - then no more disturbances and no more faults, and runs until all is done (converge.go);
//   - and at last the checks: the tables hold what an undisturbed run on the same portal makes (compare.go), the audit is clean,
//     no publish, claim or file is left over (leftover.go), the portal's own log shows no request beyond the budget or during a
//     ban and no PDF that was fetched again after it was stored (requests.go), and no process of ours is left (process.go).
//
// The moments are counted in progress (requests at the portal, items in the ledger), not in seconds, so that a slow machine is
// disturbed at the same points. What follows from a disturbance depends on how the processes are scheduled: the same seed
// gives the same disturbances, not the same run.
//
// It needs Linux (/proc, signals, a subreaper). Some disturbances need more: see [Report].Skipped for what was left out, and why.
package chaos
