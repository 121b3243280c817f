package config

import (
	"reflect"
	"slices"
)

// found takes settings that a development environment announced in the data folder, for keys that nothing else set: set has
// those that something did. The folder may be a stranger's, so only what is on this machine counts, and no pace for a
// source elsewhere. A Web UI is taken with its server only.
func (c *Config) found(announced map[string]string, set map[string]string) {
	take := func(name, value string) bool {
		if _, given := set[name]; given || value == "" {
			return false
		}
		i := slices.IndexFunc(Keys(), func(k Key) bool { return k.Name == name })
		field := reflect.ValueOf(c).Elem().FieldByIndex(Keys()[i].field)
		was := reflect.ValueOf(field.Interface())
		if err := parse(field, value); err != nil {
			field.Set(was)
			return false
		}
		if err := c.check(Keys()[i]); err != nil {
			field.Set(was)
			return false
		}
		set[name] = "data folder"
		return true
	}
	if address := announced["temporal.address"]; Loopback("//" + address) {
		take("temporal.address", address)
	}
	if ui := announced["temporal.ui"]; c.Temporal.Address == announced["temporal.address"] && Loopback(ui) {
		take("temporal.ui", ui)
	}
	source := announced["sources.anvisa.url"]
	if !Loopback(source) || !take("sources.anvisa.url", source) {
		return
	}
	if data := announced["sources.anvisa.open_data"]; Loopback(data) {
		take("sources.anvisa.open_data", data)
	}
	take("budget.rps", announced["budget.rps"])
}
