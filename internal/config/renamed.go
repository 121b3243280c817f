package config

import (
	"fmt"
	"strings"

	"github.com/spf13/viper"
)

// FormerVariable is the variable that a key of one had before; "" for none.
func FormerVariable(name string) string {
	for _, k := range Keys() {
		if k.Was != "" && k.Env[0] == name {
			return variable(k.Was)
		}
	}
	return ""
}

// variables are those of a key, that of its former name last.
func (k Key) variables() []string {
	if k.Was == "" {
		return k.Env
	}
	return append(k.Env[:len(k.Env):len(k.Env)], variable(k.Was))
}

// inFile are the names by which the file sets a key, the former one last.
func (k Key) inFile(file *viper.Viper) []string {
	var names []string
	for _, name := range []string{k.Name, k.Was} {
		if name != "" && file.IsSet(name) {
			names = append(names, name)
		}
	}
	return names
}

// twice refuses a key that is set by both of its names in one place, to different values: nobody can say which is meant.
func (k Key) twice(o LoadOptions, file *viper.Viper) error {
	if k.Was == "" {
		return nil
	}
	now, was := k.Env[0], variable(k.Was)
	if a, b := o.Env(now), o.Env(was); a != "" && b != "" && a != b {
		return fmt.Errorf("%s and %s have different values: %s is the former name of the same setting, remove it", now, was, was)
	}
	if names := k.inFile(file); len(names) > 1 && fmt.Sprint(file.Get(names[0])) != fmt.Sprint(file.Get(names[1])) {
		return fmt.Errorf("%s and %s have different values: %s is the former name of the same setting, remove it", names[0], names[1], names[1])
	}
	return nil
}

// renamed says in one line which settings have former names, and what they are called now; "" where none has.
func renamed(file *viper.Viper, keys []Key, o LoadOptions) string {
	var pairs []string
	for _, k := range keys {
		if k.Was == "" {
			continue
		}
		if was := variable(k.Was); o.Env(was) != "" {
			pairs = append(pairs, was+" is now "+k.Env[0])
		}
		if file.IsSet(k.Was) {
			pairs = append(pairs, k.Was+" is now "+k.Name)
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	return "settings with former names, which still work: " + strings.Join(pairs, ", ")
}
