package leaflet

import (
	"slices"
	"strings"
	"unicode"
)

var (
	// versionCode matches the code of a maker for the version of a text.
	versionCode = newExpression(`(?i)\b(?:bula[-_][\w-]*v\d+|[a-z]{2,6}[-_ ]?(?:vps?|v)\d{1,3}(?:[-_]\d+)?|vps?[-_]?\d{2,3}|rev(?:is[ãa]o)?\.?\s*[0-9]{1,3}|vers[ãa]o:?\s+[0-9.]+)\b`)
	// versionLine matches a code alone on its line.
	versionLine = newExpression(`(?i)^(?:(?:IB|BU|CDS|CCDS|GDS|USPI|SmPC|VPS?)[-_ ]?v?[0-9][\w./-]*|v[0-9]{1,3}|[A-Z0-9]+(?:-[A-Z0-9]+){2,5})$`)
	webAddress  = newExpression(`(?i)@|www\.|\.com`)
)

// lastLines is the number of lines at the end of the notices that may hold a version.
const lastLines = 25

// version returns the last code of a version in lines, from the end of the notices.
func version(lines []string) string {
	lines = lines[max(0, len(lines)-lastLines):]
	for _, line := range slices.Backward(lines) {
		line = clip(line, maxTitle)
		if webAddress.MatchString(line) {
			continue
		}
		for _, token := range strings.Fields(line) {
			if underscored(token) {
				return token
			}
		}
		if v := versionCode.FindString(line); v != "" {
			return v
		}
		if versionLine.MatchString(line) && hasBoth(line) {
			return line
		}
	}
	return ""
}

// underscored reports whether a word is a code with underscores, such as a file name: "Quetros_BU17c_VP_981".
func underscored(token string) bool {
	return strings.Contains(token, "_") && !strings.Contains(token, "__") && hasBoth(token)
}

// hasBoth reports whether s has letters and digits.
func hasBoth(s string) bool {
	return strings.IndexFunc(s, unicode.IsLetter) >= 0 && strings.IndexFunc(s, unicode.IsDigit) >= 0
}
