package process

// Identity distinguishes one process from every other, also from a later one with the same number.
type Identity struct {
	Space string // of numbers: this machine since it was started, and the namespace; "" where nobody can tell
	PID   int
	Birth int64 // when it was started, as the system counts
}

// Gone reports whether a process has certainly ended. Of one in another space nobody here can tell.
func (i Identity) Gone() bool {
	here := Self()
	return i.Space != "" && i.Space == here.Space && !lives(i.PID, i.Birth)
}

// Near reports whether a process is one of those whose end can be seen from here.
func (i Identity) Near() bool { return i.Space != "" && i.Space == Self().Space }
