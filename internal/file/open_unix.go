//go:build unix

package file

import "syscall"

// nonblocking keeps the opening of a pipe from waiting for its writer, and a terminal from becoming ours.
const nonblocking = syscall.O_NONBLOCK | syscall.O_NOCTTY
