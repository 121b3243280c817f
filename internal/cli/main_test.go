package cli_test

import (
	"testing"

	"drugslm/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m) }
