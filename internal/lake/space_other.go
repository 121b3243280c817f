//go:build !unix

package lake

import "errors"

func statfs(string) (total, free uint64, err error) { return 0, 0, errors.ErrUnsupported }
