package process

import (
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
)

// Session names the variables that say who the user is, where programs and temporary files are, and how texts are
// written. A name that ends in * stands for all that begin so.
func Session() []string {
	return []string{"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LANGUAGE", "LC_*", "TZ", "TZDIR"}
}

// Desktop names the variables by which programs with windows find display, fonts and folders.
func Desktop() []string {
	return []string{"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_*", "FONTCONFIG_*"}
}

// Libraries names the variables by which installed programs find their shared libraries.
func Libraries() []string { return []string{"LD_LIBRARY_PATH"} }

// Environment is the environment of a child: of ours, which holds secrets, what is named, and then what is set for it as
// NAME=value. It is never nil: nothing is not everything.
func Environment(named []string, set ...string) []string {
	env := []string{}
	if runtime.GOOS == "windows" {
		named = append(slices.Clone(named), "SYSTEMROOT") // no program starts without it
	}
	for _, pair := range os.Environ() {
		if name, _, ok := strings.Cut(pair, "="); ok && listed(named, name) {
			env = append(env, pair)
		}
	}
	return append(env, set...)
}

func listed(named []string, name string) bool {
	return slices.ContainsFunc(named, func(n string) bool {
		prefix, all := strings.CutSuffix(n, "*")
		return n == name || all && strings.HasPrefix(name, prefix)
	})
}

// Proxies are the variables that name proxies, as they are set here, without users and passwords.
func Proxies() []string {
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+withoutUser(value))
		}
	}
	return env
}

// withoutUser takes user and password out of a proxy's address, with a scheme or without, and its query, which means
// nothing. What cannot be read names no proxy.
func withoutUser(address string) string {
	if !strings.Contains(address, "@") {
		return address
	}
	scheme, _, found := strings.Cut(address, "://")
	if !found {
		return address[strings.LastIndexByte(address, '@')+1:]
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return scheme + "://" + u.Host
}
