package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
)

// Secret is text that prints as "[redacted]", whichever way it is printed. Convert it to string where it is used.
type Secret string

// String gives "[redacted]", or "" when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// GoString is what %#v prints.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText keeps the secret out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String gives one "key=value" a line for every key, without secrets.
func (c Config) String() string {
	var b strings.Builder
	for _, k := range Keys() {
		fmt.Fprintf(&b, "%s=%s\n", k.Name, c.shown(k))
	}
	return b.String()
}

// GoString is what %#v prints: the same.
func (c Config) GoString() string { return c.String() }

// LogValue gives the settings that differ from the defaults, without secrets.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, k := range Keys() {
		if s := c.shown(k); s != k.Default {
			attrs = append(attrs, slog.String(k.Name, s))
		}
	}
	return slog.GroupValue(attrs...)
}

// String gives the grid's settings without the hub's password.
func (g Grid) String() string {
	return fmt.Sprintf("hub=%s browser=%s sessions=%d lease=%s", hidePassword(g.Hub), g.Browser, g.Sessions, shortDuration(g.Lease))
}

// shown is the value of a key as it may be seen.
func (c Config) shown(k Key) string {
	s := text(reflect.ValueOf(c).FieldByIndex(k.field))
	switch k.Name {
	case "source.url", "grid.hub", "temporal.ui":
		return hidePassword(s)
	case "hooks.url":
		return hidePath(s)
	}
	return s
}

// hidePassword shows xxxxx for a URL's password; a text that is no URL is not shown.
func hidePassword(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "[not a URL]"
	}
	return u.Redacted()
}
