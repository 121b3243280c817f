// Package api has the JSON documents that drugslm gives out.
//
// The commands print them with -o json, and whatever else answers with JSON gives the same. They are structs and small
// constructors, and reach neither files nor network. Fields are added and never renamed, and testdata/keys.golden pins
// their names. What a package measures and states as a whole is a document of its own there, and printed as it is:
// audit.Report, quality.Report, versions.Diff, host.Reconciled, automation.Evaluation, and the results of workflows.
package api
