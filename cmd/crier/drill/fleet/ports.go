package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports of nodes are below those that the system gives to connections, so that a node finds its own free when it is
// started again.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

// freePorts gives ports on which nobody listens, at random, so that fleets that start at once choose others.
func freePorts(n int) ([]int, error) {
	var ports []int
	taken := map[int]bool{}
	for range 50 * n {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		if !taken[port] && isFree(port) {
			ports = append(ports, port)
		}
		taken[port] = true
	}
	return nil, errors.New("fleet: no free ports")
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
