package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// schedulesKey is the list of the file that is no setting.
const schedulesKey = "schedules"

// DefaultFile is read from the working folder if it is there.
const DefaultFile = "drugslm.yaml"

// LoadOptions say where settings come from. The zero value reads os.Getenv and [DefaultFile].
type LoadOptions struct {
	File  string              // must exist; empty: --config if it was given, else DefaultFile if it exists
	Flags *pflag.FlagSet      // as [Flags] registered them, parsed; nil: none
	Env   func(string) string // nil: os.Getenv
}

// Flags registers the flags that every command has. [Load] reads those that were given.
func Flags(flags *pflag.FlagSet) {
	flags.String("config", "", "configuration file (default "+DefaultFile+", if there is one)")
	for _, k := range Keys() {
		if k.Flag != "" {
			flags.String(k.Flag, k.Default, strings.ToLower(k.Help[:1])+strings.TrimSuffix(k.Help[1:], "."))
		}
	}
}

// Load gives the configuration in force, or a fault.Invalid that names every mistake and where it was made.
func Load(o LoadOptions) (Config, error) {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.File == "" && o.Flags != nil && o.Flags.Changed("config") {
		o.File = o.Flags.Lookup("config").Value.String()
	}
	file, err := readFile(o.File)
	if err != nil {
		return Config{}, fault.Wrap(fault.Invalid, "read configuration", err)
	}
	keys := Keys()
	errs := unknown(file, keys)
	c := Default()
	bad := map[string]bool{} // keys whose value could not be read: no second complaint about them
	for _, k := range keys {
		raw, from, ok := find(k, o, file)
		if !ok {
			continue
		}
		err := parse(reflect.ValueOf(&c).Elem().FieldByIndex(k.field), raw)
		if k.Type == "secret" && from == k.Name {
			err = errors.New("secrets are read from the environment only")
		}
		if err != nil {
			bad[k.Name] = true
			errs = append(errs, k.mistake(from, err))
		}
	}
	errs = append(errs, c.mistakes(bad)...)
	schedules, mistakes := readSchedules(file.Get(schedulesKey))
	c.Schedules, errs = schedules, append(errs, mistakes...)
	if len(errs) > 0 {
		return Config{}, fault.Wrap(fault.Invalid, "read configuration", errors.Join(errs...))
	}
	return c, nil
}

// find looks for a key's value in the order of precedence, and says where it was found.
func find(k Key, o LoadOptions, file *viper.Viper) (raw any, from string, ok bool) {
	if o.Flags != nil && k.Flag != "" && o.Flags.Changed(k.Flag) {
		return o.Flags.Lookup(k.Flag).Value.String(), "--" + k.Flag, true
	}
	for _, env := range k.Env {
		if s := o.Env(env); s != "" {
			return s, env, true
		}
	}
	if file.IsSet(k.Name) {
		return file.Get(k.Name), k.Name, true
	}
	return nil, "", false
}

// mistake names the variable of a key, and where the value came from if that was elsewhere.
func (k Key) mistake(from string, err error) error {
	if from == "" || slices.Contains(k.Env, from) {
		if from == "" {
			from = k.Env[0]
		}
		return fmt.Errorf("%s: %w", from, err)
	}
	return fmt.Errorf("%s (%s): %w", k.Env[0], from, err)
}

// readFile reads path, or DefaultFile if path is empty and there is one.
func readFile(path string) (*viper.Viper, error) {
	v := viper.New()
	v.SetConfigType("yaml")
	optional := path == ""
	if optional {
		path = DefaultFile
	}
	f, err := file.Open(path)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := v.ReadConfig(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}
