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

// Format prints the same for every verb, those of other types too.
func (s Secret) Format(f fmt.State, verb rune) { format(f, verb, s.String()) }

// MarshalText keeps the secret out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is an address that prints without its password and without the values of its query, either of which may be secret.
// Convert it to string where it is used.
type URL string

// String shows xxxxx for a password and for values of a query. What is no address (a file's name) is shown as it is, but
// nothing that could have been meant as one.
func (u URL) String() string {
	text := string(u)
	parsed, err := url.Parse(text)
	switch {
	case err != nil && strings.ContainsAny(text, "@:?"):
		return "[not a URL]"
	case err != nil:
		return text
	}
	if parsed.User != nil && parsed.Scheme == "" || strings.Contains(parsed.Opaque, "@") || parsed.User == nil && parsed.Host == "" && strings.Contains(text, "@") {
		return "[not a URL]"
	}
	if parsed.RawQuery != "" {
		var names []string
		for pair := range strings.SplitSeq(parsed.RawQuery, "&") {
			name, _, given := strings.Cut(pair, "=")
			if !given {
				name = "xxxxx" // a query of one word may be a token
			} else {
				name += "=xxxxx"
			}
			names = append(names, name)
		}
		parsed.RawQuery = strings.Join(names, "&")
	}
	return parsed.Redacted()
}

// Format prints the same for every verb.
func (u URL) Format(f fmt.State, verb rune) { format(f, verb, u.String()) }

// MarshalText keeps the password out of JSON and YAML.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue keeps the password out of logs.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// Webhook is an address that prints without all that comes after its host: the rest is often its only secret. Convert it
// to string where it is used.
type Webhook string

// String shows the scheme and the host.
func (w Webhook) String() string {
	u, err := url.Parse(string(w))
	switch {
	case w == "":
		return ""
	case err != nil || u.Host == "":
		return "[not a URL]"
	case u.Path == "" && u.RawQuery == "":
		return u.Scheme + "://" + u.Host
	default:
		return u.Scheme + "://" + u.Host + "/…"
	}
}

// Format prints the same for every verb.
func (w Webhook) Format(f fmt.State, verb rune) { format(f, verb, w.String()) }

// MarshalText keeps the path out of JSON and YAML.
func (w Webhook) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// LogValue keeps the path out of logs.
func (w Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// Command is a program and its arguments, which print as their number: one of them may be a token.
type Command []string

// String shows the program.
func (c Command) String() string {
	switch len(c) {
	case 0:
		return ""
	case 1:
		return c[0]
	}
	return fmt.Sprintf("%s [%d arguments]", c[0], len(c)-1)
}

// Format prints the same for every verb.
func (c Command) Format(f fmt.State, verb rune) { format(f, verb, c.String()) }

// MarshalText keeps the arguments out of JSON and YAML.
func (c Command) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue keeps the arguments out of logs.
func (c Command) LogValue() slog.Value { return slog.StringValue(c.String()) }

// format prints shown as verb would print a text: %q and %#v within quotes, all others as it is.
func format(f fmt.State, verb rune, shown string) {
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		shown = fmt.Sprintf("%q", shown)
	}
	fmt.Fprint(f, shown)
}

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

// shown is the value of a key as it may be seen: its type sees to that.
func (c Config) shown(k Key) string { return text(reflect.ValueOf(c).FieldByIndex(k.field)) }
