package telemetry

import "regexp"

const redacted = "[redacted]"

var (
	// jwt is a JSON Web Token, whole or cut off: base64url of `{"` begins it, a dot follows its header.
	jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_.-]*`)
	// credential is a header, parameter or field whose value is a secret of one word, after its scheme if it has one.
	credential = regexp.MustCompile(`(?i)((?:authorization|password|passwd|secret|api[_-]?key|access_token)["']?\s*[:=]\s*["'\[]*)` +
		`(?:(?:basic|bearer|digest|guest|token)\s+)?[^\s"'&,;\]\[]+`)
	// query is a parameter of an address whose name says that its value is a secret.
	query = regexp.MustCompile(`(?i)([?&][^=&\s"'\[\]]*(?:token|secret|sig|signature|key|auth|passw)[^=&\s"'\[\]]*=)[^&\s"'\[\]#]+`)
	// bearer is a token named by its scheme alone.
	bearer = regexp.MustCompile(`(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}`)
	// cookies are a header whose value continues to the end of the line or of the list it is printed in.
	cookies = regexp.MustCompile(`(?i)(cookie["']?\s*[:=]\s*["'\[]*)[^\r\n"'\]\[]+`)
	// userinfo is the user and password of a URL.
	userinfo = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)[^\s/?#"'\[]*@`)
)

// Redact takes tokens (JWT), Authorization values, cookies, passwords and the user part of URLs out of a text, and
// leaves "[redacted]" in their place. It works on free text, so it is the last guard, not the first.
func Redact(s string) string {
	s = userinfo.ReplaceAllString(s, "${1}"+redacted+"@")
	s = cookies.ReplaceAllString(s, "${1}"+redacted)
	s = credential.ReplaceAllString(s, "${1}"+redacted)
	s = query.ReplaceAllString(s, "${1}"+redacted)
	s = bearer.ReplaceAllString(s, "${1}"+redacted)
	return jwt.ReplaceAllString(s, redacted)
}
