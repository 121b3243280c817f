package pdf_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"drugslm/internal/pdf"
)

// TestMain makes this test's executable the child as well.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "pdf-serve":
		if err := pdf.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	default:
		os.Exit(m.Run())
	}
}
