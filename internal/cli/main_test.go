package cli_test

import (
	"context"
	"os"
	"testing"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	if os.Getenv("AS_STARTER") != "" { // a test runs this binary as the program
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	clitest.Main(m)
}
