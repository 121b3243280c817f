package simulator

import (
	"embed"
	"mime"
	"net/http"
	"path"
	"strconv"
)

//go:embed assets
var assets embed.FS

// cookieName is one of the cookies that the real portal's page has been seen to set.
const cookieName = "cf_clearance"

// cookie is the session that the page hands out. All visitors of a portal share it: it says that the page was opened, no more.
func (p *Portal) cookie() string { return strconv.FormatUint(mix(p.opt.Seed, 'k'), 36) }

func hasCookie(r *http.Request, value string) bool {
	c, err := r.Cookie(cookieName)
	return err == nil && c.Value == value
}

func (p *Portal) page(*http.Request, *Request) answer {
	cookie := http.Cookie{Name: cookieName, Value: p.cookie(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // plain HTTP on this machine: Secure would keep it from being sent
	return p.file("index.html").with("Set-Cookie", cookie.String())
}

func (p *Portal) asset(r *http.Request, _ *Request) answer {
	return p.redesign(p.file(path.Clean("/" + r.PathValue("path"))))
}

func (p *Portal) file(name string) answer {
	body, err := assets.ReadFile(path.Join("assets", name))
	if err != nil {
		return notFound()
	}
	return answer{status: http.StatusOK, media: mime.TypeByExtension(path.Ext(name)), body: body}
}
