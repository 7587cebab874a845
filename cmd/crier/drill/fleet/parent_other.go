//go:build !linux

package fleet

import "syscall"

// withParent keeps signals of the terminal from a child.
func withParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
