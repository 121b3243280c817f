package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// distrusted complains about each key of a file that nobody named which says what is run here, or who is asked and told.
func distrusted(file *viper.Viper, keys []Key) []error {
	var errs []error
	for _, k := range keys {
		if k.Class != Plain && file.IsSet(k.Name) {
			errs = append(errs, fmt.Errorf("%s in %s: a file that is only found in the working folder may name no program and no host: "+
				"if you trust it, name it with --config %s or %s", k.Name, DefaultFile, DefaultFile, FileVariable))
		}
	}
	return errs
}

// announced says what a file that nobody named sets, so that nobody wonders where it comes from.
// A value is shown as its type shows it; one that a flag or a variable replaced is not shown.
func announced(file *viper.Viper, keys []Key, o LoadOptions, c Config) string {
	var set []string
	for _, k := range keys {
		if !file.IsSet(k.Name) {
			continue
		}
		if _, from, _ := find(k, o, file); from != k.Name {
			set = append(set, fmt.Sprintf("%s (%s counts)", k.Name, from))
			continue
		}
		set = append(set, fmt.Sprintf("%s=%s", k.Name, c.shown(k)))
	}
	if file.IsSet(schedulesKey) {
		set = append(set, schedulesKey)
	}
	slices.Sort(set)
	return "settings of " + DefaultFile + " in this folder: " + strings.Join(set, " ")
}
