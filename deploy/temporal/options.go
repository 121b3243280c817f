package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

// attributeName is what list filters accept as a name without quoting it.
var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// options is the command line, validated.
type options struct {
	db             string // the SQLite file
	ip             string // where both servers listen, an IP address
	port, uiPort   int    // 0: a free one is chosen
	headless       bool
	namespace      string
	attributes     map[string]enumspb.IndexedValueType // by name, the project's own among them
	logLevel       string
	dynamic        dynamicconfig.StaticClient
	exitWithParent bool
}

// parseOptions reads the command line. The error is pflag.ErrHelp once the usage has been printed to help, otherwise
// a sentence for the person who typed it.
func parseOptions(args []string, help io.Writer) (options, error) {
	o := options{attributes: projectAttributes(), dynamic: projectDynamicConfig()}
	var attributes, settings []string
	fs := pflag.NewFlagSet("temporal", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(help)
	fs.Usage = func() { fmt.Fprintf(help, "Usage: temporal [flags]\n\n%s", fs.FlagUsages()) }
	fs.StringVar(&o.db, "db", "data/temporal.db", "keep everything in this SQLite `FILE`")
	fs.StringVar(&o.ip, "ip", "127.0.0.1", "listen on this `ADDRESS`; there is no authentication, so keep it local")
	fs.IntVar(&o.port, "port", 7233, "`PORT` for gRPC, 0 for a free one")
	fs.IntVar(&o.uiPort, "ui-port", 8080, "`PORT` for the Web UI, 0 for a free one")
	fs.BoolVar(&o.headless, "headless", false, "serve no Web UI")
	fs.StringVar(&o.namespace, "namespace", "default", "register this `NAME`")
	fs.StringArrayVar(&attributes, "search-attribute", nil, "register `NAME=TYPE` besides the project's own; repeatable")
	fs.StringVar(&o.logLevel, "log-level", "error", "log from this `LEVEL` on: debug, info, warn, error")
	fs.StringArrayVar(&settings, "dynamic-config", nil, "set the server's dynamic configuration `KEY=VALUE`; repeatable")
	fs.BoolVar(&o.exitWithParent, "exit-with-parent", false, "stop when standard input ends")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if err := o.addAttributes(attributes); err != nil {
		return o, err
	}
	if err := o.addSettings(settings); err != nil {
		return o, err
	}
	return o, o.validate()
}

// projectAttributes are the search attributes that the project's workflows set, with their types.
func projectAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		"Asset":       enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"Partition":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"Run":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"CodeVersion": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

// projectDynamicConfig is what differs from the server's own defaults.
func projectDynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// A backfill must not starve the runs of the day: tasks are shared out by their fairness key. Off by default.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// Priorities and fairness hold within one partition of a task queue, and by default there are four.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Search attributes are usable as soon as they are registered, not a minute later.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	}
}

func (o *options) addAttributes(pairs []string) error {
	for _, pair := range pairs {
		name, kind, _ := strings.Cut(pair, "=")
		if !attributeName.MatchString(name) {
			return fmt.Errorf("--search-attribute %q: want NAME=TYPE, a name of letters, digits and _", pair)
		}
		t, err := enumspb.IndexedValueTypeFromString(kind)
		if err != nil || t == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return fmt.Errorf("--search-attribute %q: want a type of %s", pair, strings.Join(attributeTypes(), ", "))
		}
		if have, ok := o.attributes[name]; ok && have != t {
			return fmt.Errorf("--search-attribute %q: %s is a %s already", pair, name, have)
		}
		o.attributes[name] = t
	}
	return nil
}

func attributeTypes() []string {
	names := slices.Collect(maps.Keys(enumspb.IndexedValueType_shorthandValue))
	names = slices.DeleteFunc(names, func(n string) bool { return n == "Unspecified" })
	return slices.Sorted(slices.Values(names))
}

func (o *options) addSettings(pairs []string) error {
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return fmt.Errorf("--dynamic-config %q: want KEY=VALUE", pair)
		}
		var loader dynamicconfig.YamlLoader
		loader.LoadValue(dynamicconfig.MakeKey(key), []byte("- value: "+value))
		if problems := slices.Concat(loader.Errors, loader.Warnings); len(problems) > 0 {
			return fmt.Errorf("--dynamic-config %q: %w", pair, problems[0])
		}
		for k, v := range loader.Map {
			o.dynamic[k] = v
		}
	}
	return nil
}

func (o *options) validate() error {
	switch {
	case o.db == "":
		return fmt.Errorf("--db is empty: want a file")
	case net.ParseIP(o.ip) == nil:
		return fmt.Errorf("--ip %q is not an IP address", o.ip)
	case o.port < 0 || o.port > 65535:
		return fmt.Errorf("--port %d is not a port", o.port)
	case o.uiPort < 0 || o.uiPort > 65535:
		return fmt.Errorf("--ui-port %d is not a port", o.uiPort)
	case !o.headless && o.port != 0 && o.port == o.uiPort:
		return fmt.Errorf("--port and --ui-port are both %d", o.port)
	case o.namespace == "":
		return fmt.Errorf("--namespace is empty: want a name")
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, o.logLevel):
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", o.logLevel)
	}
	return nil
}
