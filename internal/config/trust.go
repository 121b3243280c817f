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
		for _, name := range k.inFile(file) {
			if k.Class != Plain {
				errs = append(errs, fmt.Errorf("%s in %s: a file that is only found in the working folder may name no program and no host: "+
					"if you trust it, name it with --config %s or %s", name, DefaultFile, DefaultFile, FileVariable))
			}
		}
	}
	return errs
}

// announced says what a file that nobody named sets, so that nobody wonders where it comes from.
// A value is shown as its type shows it; one that a flag or a variable replaced is not shown.
func announced(file *viper.Viper, keys []Key, o LoadOptions, c Config) string {
	var set []string
	for _, k := range keys {
		names := k.inFile(file)
		if len(names) == 0 {
			continue
		}
		if _, from, _ := find(k, o, file); from != names[0] {
			set = append(set, fmt.Sprintf("%s (%s counts)", names[0], from))
			continue
		}
		set = append(set, fmt.Sprintf("%s=%s", names[0], c.shown(k)))
	}
	if file.IsSet(schedulesKey) {
		set = append(set, schedulesKey)
	}
	slices.Sort(set)
	return "settings of " + DefaultFile + " in this folder: " + strings.Join(set, " ")
}
