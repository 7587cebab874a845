package broker

import (
	"fmt"
	"unsafe" // for go:linkname, and for a pointer to a type that has no public name

	"github.com/nats-io/nats-server/v2/server"
)

//go:linkname lookupStream github.com/nats-io/nats-server/v2/server.(*Account).lookupStream
func lookupStream(a *server.Account, name string) (unsafe.Pointer, error)

//go:linkname storeOf github.com/nats-io/nats-server/v2/server.(*stream).Store
func storeOf(stream unsafe.Pointer) server.StreamStore

// localStore is this node's own copy of a stream. The server has no public way to it: what
// clients ask for is answered by the leader, or by any replica.
func (s *Server) localStore(stream string) (server.StreamStore, error) {
	account, err := s.nats.LookupAccount(coreAccount)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	found, err := lookupStream(account, stream)
	if err != nil {
		return nil, fmt.Errorf("broker: this node has no copy of %s: %w", stream, err)
	}
	return storeOf(found), nil
}

// entry is server.StoreMsg, whose fields have no public names either. A test holds that they
// are these.
type entry struct {
	subj string
	hdr  []byte
	msg  []byte
	buf  []byte
	seq  uint64
	ts   int64
}

func held(m *server.StoreMsg) *entry { return (*entry)(unsafe.Pointer(m)) }
