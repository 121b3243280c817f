package grid

import (
	"context"
	"fmt"
)

// wipe leaves nothing of a lease behind for the next: cookies of every host, what the visited places stored, headers,
// the page. It is bounded; any error means that the session must not be lent again.
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
	if s.browser == firefox {
		err = s.wipeFirefox(ctx, here)
	} else {
		err = s.wipeChromium(ctx)
	}
	if err != nil {
		return err
	}
	clear(s.origins)
	return nil
}

func (s *Session) wipeChromium(ctx context.Context) error {
	// First away from the page, so that its scripts cannot store anything after the wipe.
	err := s.call(ctx, "leave page", func() error { return s.wd.Get("about:blank") })
	if err != nil {
		return err
	}
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

// wipeFirefox can clear the place where the session is, and no other.
func (s *Session) wipeFirefox(ctx context.Context, here string) error {
	delete(s.origins, origin(here))
	if len(s.origins) > 0 {
		return fmt.Errorf("wipe: %d more places visited", len(s.origins))
	}
	if origin(here) != "" {
		if err := s.eval(ctx, clearStorage, nil, nil); err != nil {
			return err
		}
		if err := s.call(ctx, "delete cookies", s.wd.DeleteAllCookies); err != nil {
			return err
		}
	}
	return s.call(ctx, "leave page", func() error { return s.wd.Get("about:blank") })
}

const clearStorage = `localStorage.clear();
sessionStorage.clear();
for (const db of await indexedDB.databases()) await new Promise((done, failed) => {
  const r = indexedDB.deleteDatabase(db.name);
  r.onsuccess = done; r.onerror = r.onblocked = () => failed(new Error('database ' + db.name + ' is in use'));
});
if (window.caches) for (const name of await caches.keys()) await caches.delete(name);
if (navigator.serviceWorker) for (const w of await navigator.serviceWorker.getRegistrations()) await w.unregister();`
