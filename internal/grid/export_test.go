package grid

// OpenOver is Open with another way to the hub than the network.
var OpenOver = open

// Confined refuses options with which root would run a browser of this machine without having said so.
func (o Options) Confined(root bool) error { return o.confined(root) }

// ChromeOptions are the browser's arguments.
var ChromeOptions = chromeOptions

// Sweep removes leftovers of dead processes.
var (
	Sweep      = sweep
	LockFolder = lockFolder
	Bare       = bare
)
