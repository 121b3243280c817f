//go:build !unix

package file

// nonblocking is nothing here: pipes and devices have no names among files.
const nonblocking = 0
