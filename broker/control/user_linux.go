package control

import (
	"context"
	"net"
	"os/user"
	"strconv"
	"syscall"
)

type userKey struct{}

// withUser notes who has connected, as the kernel says (unix(7), SO_PEERCRED).
func withUser(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, userKey{}, peerUser(c))
}

func userOf(ctx context.Context) string {
	name, _ := ctx.Value(userKey{}).(string)
	return name
}

func peerUser(c net.Conn) string {
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return "unknown"
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return "unknown"
	}
	name := "unknown"
	_ = raw.Control(func(fd uintptr) {
		cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		if err == nil {
			name = userName(cred.Uid)
		}
	})
	return name
}

// userName gives a user's name with his number, which is enough where he has no name.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username + " (uid " + id + ")"
	}
	return "uid " + id
}
