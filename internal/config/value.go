package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/cron"
)

// parse writes raw, from a flag, a variable or the file, into field.
func parse(field reflect.Value, raw any) error {
	if field.Kind() == reflect.Slice {
		list, err := listOf(raw)
		if err != nil {
			return err
		}
		field.Set(reflect.ValueOf(list).Convert(field.Type()))
		return nil
	}
	if raw == nil {
		return errors.New("no value")
	}
	if kind := reflect.TypeOf(raw).Kind(); kind == reflect.Map || kind == reflect.Slice {
		return errors.New("want one value")
	}
	return parseText(field, strings.TrimSpace(fmt.Sprint(raw)))
}

func parseText(field reflect.Value, s string) error {
	if field.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is no duration: write 90s, 2m or 1h30m", s)
		}
		field.SetInt(int64(d))
		return nil
	}
	if field.Type() == reflect.TypeFor[Size]() {
		size, err := parseSize(s)
		if err == nil {
			field.SetInt(int64(size))
		}
		return err
	}
	switch field.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(Boolean(s))
		if err != nil {
			return fmt.Errorf("%q is neither yes nor no, nor true nor false", s)
		}
		field.SetBool(b)
	case reflect.Int:
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no whole number", s)
		}
		field.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || x != x || x > 1e6 {
			return fmt.Errorf("%q is no number up to a million", s)
		}
		field.SetFloat(x)
	default:
		field.SetString(s)
	}
	return nil
}

// Boolean is a text in which yes, on, no and off, in any case of letters, are true and false, as YAML has them.
func Boolean(text string) string {
	switch strings.ToLower(text) {
	case "yes", "on", "y":
		return "true"
	case "no", "off", "n":
		return "false"
	default:
		return text
	}
}

// listOf takes a YAML list, or words with commas between them.
func listOf(raw any) ([]string, error) {
	var list []string
	switch v := raw.(type) {
	case []any:
		for _, e := range v {
			list = append(list, fmt.Sprint(e))
		}
	case string:
		for word := range strings.SplitSeq(v, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = append(list, word)
			}
		}
	default:
		return nil, errors.New("want a list")
	}
	return list, nil
}

// text writes a field as a user would.
func text(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		return strings.Join(x, ",")
	case time.Duration:
		return shortDuration(x)
	default:
		return fmt.Sprint(x)
	}
}

// shortDuration writes 10m for 10m0s.
func shortDuration(d time.Duration) string { return cron.Short(d) }
