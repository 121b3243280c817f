package leaflet

import (
	"regexp"
	"sync"
)

// expression is a regular expression that is compiled when it is first used. This package has a hundred, which take longer to
// compile than most commands take, and most commands read no leaflet. Safe for concurrent use, as a regexp.Regexp is. One that
// cannot be compiled panics at its first use.
type expression struct {
	compiled func() *regexp.Regexp
}

func newExpression(text string) *expression {
	return &expression{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

// The methods are those of regexp.Regexp.

func (e *expression) MatchString(s string) bool            { return e.compiled().MatchString(s) }
func (e *expression) FindString(s string) string           { return e.compiled().FindString(s) }
func (e *expression) FindStringIndex(s string) []int       { return e.compiled().FindStringIndex(s) }
func (e *expression) FindStringSubmatch(s string) []string { return e.compiled().FindStringSubmatch(s) }
func (e *expression) FindStringSubmatchIndex(s string) []int {
	return e.compiled().FindStringSubmatchIndex(s)
}
func (e *expression) FindAllString(s string, n int) []string { return e.compiled().FindAllString(s, n) }
func (e *expression) FindAllStringIndex(s string, n int) [][]int {
	return e.compiled().FindAllStringIndex(s, n)
}
func (e *expression) FindAllStringSubmatch(s string, n int) [][]string {
	return e.compiled().FindAllStringSubmatch(s, n)
}
func (e *expression) ReplaceAllString(s, with string) string {
	return e.compiled().ReplaceAllString(s, with)
}
func (e *expression) ReplaceAllStringFunc(s string, with func(string) string) string {
	return e.compiled().ReplaceAllStringFunc(s, with)
}
func (e *expression) Split(s string, n int) []string { return e.compiled().Split(s, n) }
