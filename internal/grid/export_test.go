package grid

// OpenOver is Open with another way to the hub than the network.
var OpenOver = open

// ChromeOptions are the browser's arguments, for a process of root or not.
var ChromeOptions = chromeOptions

// Sweep removes leftovers of dead processes.
var (
	Sweep      = sweep
	LockFolder = lockFolder
	Bare       = bare
)
