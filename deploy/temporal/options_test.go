package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestParseOptionsDefaults(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{
		db: "data/temporal.db", ip: "127.0.0.1", port: 7233, uiPort: 8080, namespace: "default", logLevel: "error",
		attributes: projectAttributes(), dynamic: projectDynamicConfig(),
	}, o)
	for _, name := range []string{"Asset", "Partition", "Run", "CodeVersion"} {
		require.Equal(t, enumspb.INDEXED_VALUE_TYPE_KEYWORD, o.attributes[name], name)
	}
}

func TestParseOptionsAddsToTheProjectsOwn(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{
		"--search-attribute", "Rows=Int", "--search-attribute=Asset=Keyword",
		"--dynamic-config", "frontend.rps=7", "--dynamic-config=matching.enableFairness=false",
		"--dynamic-config", "history.shutdownDrainDuration=3s",
		"--headless", "--port", "0", "--exit-with-parent",
	}, io.Discard)
	require.NoError(t, err)
	require.Len(t, o.attributes, 5)
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_INT, o.attributes["Rows"])
	require.True(t, o.headless)
	require.True(t, o.exitWithParent)
	set := dynamicconfig.NewCollection(o.dynamic, nil)
	require.Equal(t, 7, dynamicconfig.FrontendRPS.Get(set)())
	require.Equal(t, "3s", dynamicconfig.HistoryShutdownDrainDuration.Get(set)().String())
	require.Equal(t, false, o.dynamic.GetValue(dynamicconfig.MatchingEnableFairness.Key())[0].Value)
}

func TestParseOptionsRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":            {[]string{"--prot", "1"}, "unknown flag: --prot"},
		"argument":                {[]string{"start"}, `unexpected argument "start"`},
		"no file":                 {[]string{"--db="}, "--db is empty"},
		"host name":               {[]string{"--ip", "localhost"}, "not an IP address"},
		"port":                    {[]string{"--port", "65536"}, "--port 65536 is not a port"},
		"ui port":                 {[]string{"--ui-port", "-1"}, "--ui-port -1 is not a port"},
		"one port twice":          {[]string{"--port", "9", "--ui-port", "9"}, "--port and --ui-port are both 9"},
		"no namespace":            {[]string{"--namespace="}, "--namespace is empty"},
		"level":                   {[]string{"--log-level", "loud"}, "want debug, info, warn or error"},
		"attribute without type":  {[]string{"--search-attribute", "Rows"}, "want a type of Bool, Datetime,"},
		"attribute of no type":    {[]string{"--search-attribute", "Rows=Unspecified"}, "want a type of"},
		"attribute name":          {[]string{"--search-attribute", "a-b=Int"}, "a name of letters"},
		"attribute of other type": {[]string{"--search-attribute", "Asset=Int"}, "Asset is a Keyword already"},
		"setting without value":   {[]string{"--dynamic-config", "frontend.rps"}, "want KEY=VALUE"},
		"unknown setting":         {[]string{"--dynamic-config", "frontend.rpm=1"}, "unregistered key"},
		"setting of other type":   {[]string{"--dynamic-config", "frontend.rps=fast"}, "validation failed"},
		"setting not YAML":        {[]string{"--dynamic-config", "frontend.rps={"}, "decode error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseOptions(c.args, io.Discard)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	_, err := parseOptions([]string{"--help"}, &help)
	require.ErrorIs(t, err, pflag.ErrHelp)
	for _, flag := range []string{"--db FILE", "--ip ADDRESS", "--port PORT", "--ui-port PORT", "--headless", "--namespace NAME",
		"--search-attribute NAME=TYPE", "--log-level LEVEL", "--dynamic-config KEY=VALUE", "--exit-with-parent"} {
		require.Contains(t, help.String(), flag)
	}
}
