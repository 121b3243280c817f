package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Validate reports every mistake in c at once as a fault.Invalid; [Load] has called it. Each names its variable.
func (c Config) Validate() error {
	return fault.Wrap(fault.Invalid, "check configuration", errors.Join(append(c.mistakes(nil), c.scheduleMistakes()...)...))
}

// mistakes checks all keys but those to skip.
func (c Config) mistakes(skip map[string]bool) []error {
	var errs []error
	for _, k := range Keys() {
		if skip[k.Name] {
			continue
		}
		if err := c.check(k); err != nil {
			errs = append(errs, k.mistake("", err))
		}
	}
	return errs
}

func (c Config) check(k Key) error {
	v := reflect.ValueOf(c).FieldByIndex(k.field)
	if err := k.allowed(v); err != nil {
		return err
	}
	switch k.Name {
	case "data", "temporal.namespace":
		return filled(v.String())
	case "sources.anvisa.url":
		return checkURL(string(c.Sources.Anvisa.URL))
	case "sources.anvisa.open_data", "grid.hub", "temporal.ui":
		if address := v.String(); strings.Contains(address, "://") || address != "" && k.Name != "sources.anvisa.open_data" {
			return checkURL(address)
		}
	case "temporal.address":
		if host, port, err := net.SplitHostPort(c.Temporal.Address); err != nil || host == "" || port == "" {
			return errors.New("is not host:port, such as 127.0.0.1:7233") // it is not repeated: it may hold a password
		}
	case "hooks.url", "hooks.secret", "hooks.command", "hooks.timeout":
		return c.Hooks.check(k.Name)
	case "temporal.tls_key":
		if (c.Temporal.TLSCert == "") != (c.Temporal.TLSKey == "") {
			return errors.New("is needed together with DRUGSLM_TEMPORAL_TLS_CERT")
		}
	case "disk.run":
		if c.Disk.Run < 0 {
			return errors.New("want a size, or 0 for any amount")
		}
	case "log.run":
		return c.Log.check()
	case "automation.interval":
		if c.Automation.Interval < time.Second {
			return fmt.Errorf("%s is shorter than 1s", c.Automation.Interval)
		}
	case "retention.age", "retention.logs", "retention.interval":
		return c.Retention.check(k.Name)
	case "document.time", "document.memory", "document.text":
		return c.Document.check(k.Name)
	case "telemetry.trace_url":
		if url := string(c.Telemetry.TraceURL); url != "" {
			if !strings.Contains(url, "{trace_id}") {
				return errors.New("has no {trace_id}, where the trace's id goes")
			}
			return checkURL(strings.ReplaceAll(url, "{trace_id}", "0"))
		}
	case "worker.promote":
		return c.Worker.check()
	case "worker.deployment", "worker.build":
		if strings.ContainsAny(v.String(), ". \t\n") && k.Name == "worker.deployment" || len(v.String()) > 100 {
			return errors.New("wants a short name without dots and blanks")
		}
	case "sources.anvisa.user_agent", "sources.anvisa.contact":
		if strings.ContainsAny(v.String(), "\r\n") {
			return errors.New("must be one line")
		}
	case "budget.rps":
		if c.Budget.RPS == 0 && !Loopback(string(c.Sources.Anvisa.URL)) {
			return errors.New("0 (no limit) is for a source on this machine only; give the requests per second")
		}
	}
	return nil
}

func (l Log) check() error {
	if l.Run < 0 || l.Run > 0 && l.Run < leastLog {
		return errors.New("want a size from 256KiB, or 0 for no log")
	}
	return nil
}

// filled refuses an empty text.
func filled(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// check refuses to make a build current in no deployment.
func (w Worker) check() error {
	if w.Promote && w.Deployment == "" {
		return errors.New("needs DRUGSLM_WORKER_DEPLOYMENT: there is no deployment to be current in")
	}
	return nil
}

// check holds one of the keys of a document against what can be.
func (d Document) check(key string) error {
	switch {
	case key == "document.time" && d.Time > 12*time.Minute:
		return fmt.Errorf("%s is longer than 12m: the task that reads it must not run out of time first", d.Time)
	case key == "document.memory" && (d.Memory < 16<<20 || d.Memory > 4<<30):
		return fmt.Errorf("%s is not 16MiB to 4GiB", d.Memory)
	case key == "document.text" && (d.Text < 1<<10 || d.Text > 32<<20):
		return fmt.Errorf("%s is not 1KiB to 32MiB", d.Text)
	default:
		return nil
	}
}

// leastLog is the least that is kept of the log of a run: its beginning and its end have to fit in.
const leastLog = 256 << 10

// check holds one of the keys of retention against its least value.
func (r Retention) check(key string) error {
	switch {
	case key == "retention.age" && r.Age < 0:
		return fmt.Errorf("%s is less than 0s", r.Age)
	case key == "retention.logs" && r.Logs < 0:
		return fmt.Errorf("%s is less than 0s", r.Logs)
	case key == "retention.interval" && r.Interval < time.Minute:
		return fmt.Errorf("%s is shorter than 1m", r.Interval)
	default:
		return nil
	}
}

// allowed holds v against the key's list of values or its least value.
func (k Key) allowed(v reflect.Value) error {
	values := []string{text(v)}
	if list, ok := v.Interface().([]string); ok {
		if values = list; len(list) == 0 && len(k.OneOf) > 0 {
			return errors.New("must not be empty")
		}
	}
	for _, s := range values {
		if len(k.OneOf) > 0 && !slices.Contains(k.OneOf, s) {
			return fmt.Errorf("%q is none of %s", s, strings.Join(k.OneOf, ", "))
		}
	}
	if k.min == "" {
		return nil
	}
	least, err := strconv.ParseFloat(k.min, 64)
	if err != nil {
		return fmt.Errorf("least value %q: %w", k.min, err)
	}
	if x, ok := number(v); ok && x < least {
		if k.Type == "duration" {
			return fmt.Errorf("%s is not above 0s", text(v))
		}
		return fmt.Errorf("%s is less than %s", text(v), k.min)
	}
	return nil
}

func number(v reflect.Value) (float64, bool) {
	switch {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanFloat():
		return v.Float(), true
	}
	return 0, false
}

// checkURL wants http or https and a host. Its error does not repeat the URL, which may hold a password.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("is no URL such as http://127.0.0.1:8080")
	}
	return nil
}

// Loopback reports whether a URL's host is this machine, by its name or address; it asks no resolver.
func Loopback(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.Unmap().IsLoopback()
}
