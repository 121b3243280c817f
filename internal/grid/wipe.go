package grid

import (
	"context"
	"fmt"
	"net/http"
)

// wipe leaves nothing of a lease behind for the next: cookies of every host, what the visited places stored, headers,
// the page. It is bounded; any error means that the session must not be leased again.
func (s *Session) wipe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, quitTimeout)
	defer cancel()
	var windows []string
	err := s.call(ctx, "list windows", func() (err error) {
		windows, err = s.wd.WindowHandles()
		return err
	})
	if err != nil {
		return err
	}
	if len(windows) != 1 {
		return fmt.Errorf("wipe: %d windows", len(windows))
	}
	here, err := s.address(ctx)
	if err != nil {
		return err
	}
	s.visited(here) // a click or a script may have led elsewhere
	// First away from the page, so that its scripts cannot store anything after the wipe.
	err = s.call(ctx, "leave page", func() error { return s.wd.Get("about:blank") })
	if err != nil {
		return err
	}
	if s.browser == firefox {
		err = s.wipeFirefox(ctx)
	} else {
		err = s.wipeChromium(ctx)
	}
	if err == nil {
		clear(s.origins)
	}
	return err
}

func (s *Session) wipeChromium(ctx context.Context) error {
	if s.announced != "" {
		if err := s.setHeaders(ctx, map[string]string{}); err != nil {
			return err
		}
	}
	if err := s.cdp(ctx, "Network.clearBrowserCookies", map[string]any{}); err != nil {
		return err
	}
	for origin := range s.origins {
		params := map[string]any{"origin": origin, "storageTypes": "all"}
		if err := s.cdp(ctx, "Storage.clearDataForOrigin", params); err != nil {
			return err
		}
	}
	return nil
}

// clearData runs among Firefox's own scripts. It calls back with the bits of what could not be cleared.
const clearData = `const done = arguments[0];
Services.clearData.deleteData(Ci.nsIClearDataService.CLEAR_ALL, {onDataDeleted: done});`

// wipeFirefox clears the browser by its own means, which geckodriver must have been started to allow. WebDriver's are not
// enough: it deletes no cookie whose path is not that of the page.
func (s *Session) wipeFirefox(ctx context.Context) error {
	if len(s.origins) == 0 {
		return nil
	}
	if err := s.fit(ctx); err != nil {
		return err
	}
	if err := s.scriptsOf(ctx, "chrome"); err != nil { // Firefox's word for itself
		return err
	}
	var failed int
	err := s.call(ctx, "clear data", func() error {
		in := map[string]any{"script": clearData, "args": []any{}}
		return s.wire.command(ctx, http.MethodPost, s.path("/execute/async"), in, &failed)
	})
	if err != nil {
		return err
	}
	if failed != 0 {
		return fmt.Errorf("wipe: Firefox could not clear %b", failed)
	}
	return s.scriptsOf(ctx, "content")
}

// scriptsOf says whose scripts the next ones are: the page's ("content") or the browser's own.
func (s *Session) scriptsOf(ctx context.Context, side string) error {
	return s.call(ctx, "set context", func() error {
		return s.wire.command(ctx, http.MethodPost, s.path("/moz/context"), map[string]string{"context": side}, nil)
	})
}
