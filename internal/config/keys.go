package config

import (
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// Key describes one setting.
type Key struct {
	Name    string   // "budget.rps"
	Type    string   // "text", "number", "whole number", "duration", "yes or no", "list", "size", "secret"
	Default string   // as a user would write it; "" for none
	Was     string   // the name it had before, which is read too; "" for none
	Env     []string // variables, the first that is set counts: {"DRUGSLM_GRID_HUB", "HUB_URL"}
	Flag    string   // command-line flag without dashes; "" for none
	Class   Class    // what a value of it may do
	Hidden  bool     // a value may hold a secret: its type shows it without
	Help    string   // one or two sentences
	OneOf   []string // the values allowed; nil for any

	field []int  // of Config, for reflect
	min   string // least value of a number
}

// Class says what a person who can write a key may do with it.
type Class string

// The classes. A file that is only found, not named, may set what is plain.
const (
	Plain   Class = "plain"   // how the work is done
	Program Class = "program" // what is run on this machine, or what protects this machine from what is run
	Host    Class = "host"    // who is asked or told, and so gets secrets, or whom we believe
	Private Class = "secret"  // read from the environment only
)

// Keys lists every setting in the order of [Config].
func Keys() []Key {
	return keysOf(reflect.ValueOf(Default()), nil, "")
}

func keysOf(v reflect.Value, at []int, prefix string) []Key {
	var keys []Key
	for i := range v.NumField() {
		f, path := v.Type().Field(i), append(append([]int(nil), at...), i)
		if f.Tag.Get("key") == "" { // a list of the file's own
			continue
		}
		name := prefix + f.Tag.Get("key")
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(v.Field(i), path, name+".")...)
			continue
		}
		keys = append(keys, Key{
			Name: name, Type: typeOf(f.Type), Default: text(v.Field(i)), Was: formerOf(name), Env: envOf(name), Flag: flagOf(name),
			Class: Class(f.Tag.Get("class")), Hidden: f.Type.Implements(reflect.TypeFor[slog.LogValuer]()), Help: f.Tag.Get("help"), OneOf: strings.Fields(f.Tag.Get("oneof")), field: path, min: f.Tag.Get("min"),
		})
	}
	return keys
}

// formerOf is the name that a key had when there was one source only.
func formerOf(name string) string {
	if rest, of := strings.CutPrefix(name, "sources.anvisa."); of {
		return "source." + rest
	}
	return ""
}

// variable is the variable of a key's name.
func variable(name string) string {
	return "DRUGSLM_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
}

// envOf gives the variables of a key, the one that counts first.
func envOf(name string) []string {
	env := []string{variable(name)}
	if name == "grid.hub" {
		env = append(env, "HUB_URL")
	}
	return env
}

// flagOf gives the flag of the keys that [Flags] registers.
func flagOf(name string) string {
	switch name {
	case "data":
		return "data"
	case "sources.anvisa.open_data":
		return "source-open-data"
	case "sources.anvisa.url":
		return "source-url"
	case "temporal.address", "budget.rps", "log.level":
		return strings.ReplaceAll(name, ".", "-")
	case "grid.hub":
		return "hub-url"
	}
	return ""
}

func typeOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[Secret]():
		return "secret"
	case reflect.TypeFor[Size]():
		return "size"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "yes or no"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	default:
		return "text"
	}
}
