// Package clitest runs the whole command in the process of a test, over data folders that it fills.
package clitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/host"
	"drugslm/internal/leaflet"
	"drugslm/internal/ledger"
	"drugslm/internal/pdf"
)

// Run runs the command in the process, on a data folder.
func Run(t *testing.T, data string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = cli.Run(t.Context(), append(args, "--data", data), &out, &complaints)
	return code, out.String(), complaints.String()
}

// Enumerated lists items as a source does.
func Enumerated(items ...ledger.Item) func(func(ledger.Item, error) bool) {
	return func(yield func(ledger.Item, error) bool) {
		for item := range slices.Values(items) {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// Main makes this test's executable the child that reads PDFs, as the command is.
func Main(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "pdf-serve" {
		if err := pdf.Serve(context.Background(), os.Stdin, os.Stdout, leaflet.Handle); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// WithLedger writes into the ledger of a data folder.
func WithLedger(t *testing.T, data string, fn func(l *ledger.Ledger)) {
	t.Helper()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	fn(l)
	require.NoError(t, l.Close())
}

// Categories notes the partitions that the source has.
func Categories(t *testing.T, data string, keys ...string) {
	t.Helper()
	WithLedger(t, data, func(l *ledger.Ledger) {
		var ps []ledger.Partition
		for _, key := range keys {
			ps = append(ps, ledger.Partition{Key: key, Label: "Category " + key})
		}
		require.NoError(t, l.SavePartitions(t.Context(), "category", ps))
	})
}

// Ask runs a verb that must succeed and gives its JSON document.
func Ask[T any](t *testing.T, data string, args ...string) (v T) {
	t.Helper()
	code, stdout, stderr := Run(t, data, append(args, "-o", "json")...)
	require.Zero(t, code, "%v: %s", args, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &v), stdout)
	return v
}
