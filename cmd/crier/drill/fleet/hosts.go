package fleet

import (
	"context"
	"fmt"
	"net"
)

// Hosts are machines for the nodes, each with a network of its own, through which the nodes speak to each other.
type Hosts interface {
	// Address is the IP address at which other nodes reach a node.
	Address(node string) string
	// In calls fn where the network is that of a node's machine, on a thread that is not used for anything else.
	In(node string, fn func())
}

// where says how to do something on a node's machine.
func (f *Fleet) where(node string) func(func()) {
	if f.options.Hosts == nil {
		return func(fn func()) { fn() }
	}
	return func(fn func()) { f.options.Hosts.In(node, fn) }
}

// homeOf is where node number i accepts routes.
func (f *Fleet) homeOf(i int, node string, port int) string {
	host := aside(i)
	if f.options.Hosts != nil {
		host = f.options.Hosts.Address(node)
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}

// aside is a loopback address that is not the proxies'. Servers tell each other of third ones, by the address from which
// they saw them come, and try to go there past the proxies: so nobody must listen at 127.0.0.1 with that port. Not every
// system has such addresses; Linux has.
func aside(i int) string {
	const usual = "127.0.0.1"
	other := fmt.Sprintf("127.0.1.%d", i+1)
	l, err := net.Listen("tcp", other+":0")
	if err != nil {
		return usual
	}
	_ = l.Close()
	return other
}

// reach gives the address at which a node reaches another: that of a proxy, unless they are on machines of their own.
func (f *Fleet) reach(from, to *Node) string {
	if f.options.Hosts == nil {
		return f.Network.address(from.Name, to.Name)
	}
	return to.home
}

// dial connects to the API of a node, which listens on the loopback address of its machine.
func (f *Fleet) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	connect := func() { c, err = (&net.Dialer{}).DialContext(ctx, network, address) }
	for _, n := range f.nodes {
		if n.api == address {
			f.where(n.Name)(connect)
			return c, err
		}
	}
	connect()
	return c, err
}

// shareIssuer has the identity provider listen on the loopback address of each machine, too.
func (f *Fleet) shareIssuer() error {
	if f.options.Hosts == nil {
		return nil
	}
	for _, n := range f.nodes {
		l, err := ListenOn(f.options.Hosts, n.Name, f.issuer.address)
		if err != nil {
			return err
		}
		go func() { _ = f.issuer.server.Serve(l) }() // until it is closed
	}
	return nil
}

// ListenOn listens on an address of a node's machine.
func ListenOn(h Hosts, node, address string) (l net.Listener, err error) {
	h.In(node, func() { l, err = net.Listen("tcp", address) })
	if err != nil {
		return nil, fmt.Errorf("fleet: listen on the machine of %s: %w", node, err)
	}
	return l, nil
}
