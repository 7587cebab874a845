package broker

import (
	"net"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/govcrier/crier/broker/nodecert"
)

func TestFieldsOfAStoredMessage(t *testing.T) {
	theirs, ours := reflect.TypeFor[server.StoreMsg](), reflect.TypeFor[entry]()
	if theirs.NumField() != ours.NumField() {
		t.Fatalf("%d fields, not %d", theirs.NumField(), ours.NumField())
	}
	for i := range ours.NumField() {
		a, b := theirs.Field(i), ours.Field(i)
		if a.Name != b.Name || a.Type != b.Type || a.Offset != b.Offset {
			t.Errorf("field %d is %s %s at %d, not %s %s at %d", i, a.Name, a.Type, a.Offset, b.Name, b.Type, b.Offset)
		}
	}
}

// The times of elections have no option: they are variables of the server, reached by name.
func TestElectionTimesAreTheServers(t *testing.T) {
	before := presentTimings()
	t.Cleanup(before.set)
	if before == (timings{}) {
		t.Fatal("the variables are not those of the server, which are never zero")
	}
	useTimings(0.5)
	want := timings{
		elect:     [2]time.Duration{2 * time.Second, 4500 * time.Millisecond},
		heartbeat: 500 * time.Millisecond, lostQuorum: 5 * time.Second, removed: 20 * time.Second,
	}
	if got := presentTimings(); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestElectionsFollowTheScale holds that the times have an effect: a node that finds no majority stands for election again
// and again, and at a tenth of NATS's times often.
func TestElectionsFollowTheScale(t *testing.T) {
	before := presentTimings()
	t.Cleanup(before.set)
	s := loneNode(t, 0.1)
	if err := s.summonHelper(t.Context()); err != nil { // RAFT begins with the first route
		t.Fatal(err)
	}
	until := time.Now().Add(20 * time.Second)
	for first := s.term(); s.term() < first+6; {
		if time.Now().After(until) {
			t.Fatalf("%d elections in 20 s; at NATS's own times there are two to five", s.term()-first)
		}
		if err := pause(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// loneNode is one node of three, the others of which do not exist.
func loneNode(t *testing.T, scale float64) *Server {
	t.Helper()
	folder := t.TempDir()
	authority, err := nodecert.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := authority.Issue("n1", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{
		Store: filepath.Join(folder, "n1"), Node: "n1", Key: "a storage key that only tests use, 32+", Topology: Cluster,
		Raft: RaftOptions{Scale: scale},
		Cluster: ClusterOptions{
			Listen: own, Routes: []string{own, "127.0.0.1:1", "127.0.0.1:2"},
			TLS: ClusterTLS{CertFile: cert, KeyFile: key, CAFile: authority.File()},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// term counts the elections of the cluster's own group.
func (s *Server) term() uint64 {
	for _, groups := range *s.nats.Raftz(&server.RaftzOptions{}) {
		for _, g := range groups {
			return g.Term
		}
	}
	return 0
}
