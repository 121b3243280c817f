package runs

// What the tests of a closing table reach.
var (
	TellQuarantine = tellQuarantine
	OwnTimes       = ownTimes
)
