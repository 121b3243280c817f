package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// DefaultFile is read from the working folder if it is there, and may then set what is [Plain] only: the folder may be an
// archive that a stranger packed.
const DefaultFile = "drugslm.yaml"

// FileVariable names a configuration file, as --config does, by an absolute path: a relative one would again be whatever
// lies in the working folder.
const FileVariable = "DRUGSLM_CONFIG"

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

// LoadOptions say where settings come from. The zero value reads os.Getenv and [DefaultFile].
type LoadOptions struct {
	File  string                                       // must exist; empty: --config if it was given, else FileVariable, else DefaultFile if it exists
	Flags *pflag.FlagSet                               // as [Flags] registered them, parsed; nil: none
	Env   func(string) string                          // nil: os.Getenv
	Found func(data string) (map[string]string, error) // settings that a running environment announced in the data folder; nil: none
	Set   map[string]string                            // gets where each key that is set was found: "--data", "DRUGSLM_DATA", "data"; nil: nobody wants to know
	Tell  func(string)                                 // gets a line when DefaultFile was read, and one when settings have former names; nil: nobody is told
}

// Flags registers the flags that every command has. [Load] reads those that were given.
func Flags(flags *pflag.FlagSet) {
	flags.String("config", "", "configuration file (default: "+FileVariable+", or "+DefaultFile+" of this folder, which may name no program and no host)")
	for _, k := range Keys() {
		if k.Flag != "" {
			flags.String(k.Flag, k.Default, strings.ToLower(k.Help[:1])+strings.TrimSuffix(k.Help[1:], "."))
		}
	}
}

// read sets a key to what was written for it in a place.
func (c *Config) read(k Key, raw any, from string) error {
	if k.Type == "secret" && from == k.Name {
		return errors.New("secrets are read from the environment only")
	}
	raw, err := k.written(raw, from)
	if err == nil {
		err = parse(reflect.ValueOf(c).Elem().FieldByIndex(k.field), raw)
	}
	if err == nil && k.Name == "hooks.command" {
		err = expandAll(c.Hooks.Command)
	}
	return err
}

// Load gives the configuration in force, or a fault.Invalid that names every mistake and where it was made.
func Load(o LoadOptions) (Config, error) {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	file, found, err := o.open()
	if err != nil {
		return Config{}, fault.Wrap(fault.Invalid, "read configuration", err)
	}
	keys := Keys()
	errs := unknown(file, keys)
	if found {
		errs = append(errs, distrusted(file, keys)...)
	}
	c := Default()
	bad := map[string]bool{} // keys whose value could not be read: no second complaint about them
	set := o.Set
	if set == nil {
		set = map[string]string{}
	}
	for _, k := range keys {
		raw, from, ok := find(k, o, file)
		if !ok {
			continue
		}
		if err := k.twice(o, file); err != nil {
			bad[k.Name] = true
			errs = append(errs, err)
			continue
		}
		set[k.Name] = from
		if err := c.read(k, raw, from); err != nil {
			bad[k.Name] = true
			errs = append(errs, k.mistake(from, err))
		}
	}
	if o.Found != nil && !bad["data"] {
		announced, err := o.Found(c.Data)
		c.found(announced, set)
		errs = append(errs, err)
	}
	errs = append(errs, c.mistakes(bad)...)
	schedules, mistakes := readSchedules(file.Get(schedulesKey))
	c.Schedules, errs = schedules, append(errs, mistakes...)
	if err := errors.Join(errs...); err != nil {
		return Config{}, fault.Wrap(fault.Invalid, "read configuration", err)
	}
	if found && o.Tell != nil && len(file.AllKeys()) > 0 {
		o.Tell(announced(file, keys, o, c))
	}
	if note := renamed(file, keys, o); note != "" && o.Tell != nil {
		o.Tell(note)
	}
	return c, nil
}

// find looks for a key's value in the order of precedence, and says where it was found.
func find(k Key, o LoadOptions, file *viper.Viper) (raw any, from string, ok bool) {
	if o.Flags != nil && k.Flag != "" && o.Flags.Changed(k.Flag) {
		return o.Flags.Lookup(k.Flag).Value.String(), "--" + k.Flag, true
	}
	for _, env := range k.variables() {
		if s := o.Env(env); s != "" {
			return s, env, true
		}
	}
	if names := k.inFile(file); len(names) > 0 {
		return file.Get(names[0]), names[0], true
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

// open reads the file that is named, or DefaultFile if none is named and there is one; found says that it was this one.
func (o LoadOptions) open() (file *viper.Viper, found bool, err error) {
	path := o.File
	if path == "" && o.Flags != nil && o.Flags.Changed("config") {
		if path = o.Flags.Lookup("config").Value.String(); path == "" {
			return nil, false, errors.New("--config names no file")
		}
	}
	if path, err = Expand(path); err != nil {
		return nil, false, err
	}
	if path == "" {
		if path, err = Expand(o.Env(FileVariable)); err != nil {
			return nil, false, fmt.Errorf("%s: %w", FileVariable, err)
		}
		if path != "" && !filepath.IsAbs(path) {
			return nil, false, fmt.Errorf("%s is %q: want an absolute path, so that it is the same file in every folder", FileVariable, path)
		}
	}
	if path != "" {
		file, err = readFile(path)
		return file, false, err
	}
	file, err = readFile(DefaultFile)
	if errors.Is(err, fs.ErrNotExist) {
		return newFile(), false, nil
	}
	return file, err == nil, err
}

func newFile() *viper.Viper {
	v := viper.New()
	v.SetConfigType("yaml")
	return v
}

func readFile(path string) (*viper.Viper, error) {
	text, err := file.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	v := newFile()
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}
