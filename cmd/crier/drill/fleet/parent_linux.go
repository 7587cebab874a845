package fleet

import "syscall"

// withParent has a child end with this process, and keeps signals of the terminal from it.
func withParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
