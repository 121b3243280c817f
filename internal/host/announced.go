package host

import (
	"fmt"
	"strconv"
	"strings"

	"drugslm/internal/announce"
	"drugslm/internal/config"
	"drugslm/internal/fault"
)

// Announced gives the settings that an environment on a data folder has announced, by key; none if none runs.
func Announced(data string) (map[string]string, error) {
	s, _, err := announce.Read(data)
	return s.Settings, err
}

// Announce tells other commands on the data folder where the servers of this process are. Addresses elsewhere are left out:
// nobody would take them from there, and they may hold a password.
func Announce(c config.Config) (*announce.Announcement, error) {
	settings := map[string]string{"budget.rps": strconv.FormatFloat(c.Budget.RPS, 'g', -1, 64)}
	if config.Loopback("//" + c.Temporal.Address) {
		settings["temporal.address"] = c.Temporal.Address
	}
	for key, address := range map[string]config.URL{
		"temporal.ui": c.Temporal.UI, "sources.anvisa.url": c.Sources.Anvisa.URL, "sources.anvisa.open_data": c.Sources.Anvisa.OpenData,
	} {
		if config.Loopback(string(address)) && !strings.Contains(string(address), "@") {
			settings[key] = string(address)
		}
	}
	return announce.Write(c.Data, settings)
}

// Alone refuses a data folder on which another environment runs.
func Alone(c config.Config) error {
	s, found, err := announce.Read(c.Data)
	if err != nil || !found {
		return err
	}
	return fault.New(fault.Unavailable, "start servers", "an environment runs on %s already (process %d%s): other commands find it there; stop it, or choose another --data",
		c.Data, s.PID, fmt.Sprintf(", temporal=%s ui=%s", s.Settings["temporal.address"], s.Settings["temporal.ui"]))
}
