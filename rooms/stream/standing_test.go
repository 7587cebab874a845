package stream

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// standing are three nodes that share a cluster among tests which let all of them stand: its methods. Each has a lane, an
// identity or a kind of entries for itself.
type standing struct{ *nodes }

// TestOnThreeNodes runs all tests of standing, one after the other in an order chosen by lot.
func TestOnThreeNodes(t *testing.T) {
	n := reflect.ValueOf(standing{startNodes(t)})
	for _, i := range rand.Perm(n.NumMethod()) {
		name := n.Type().Method(i).Name
		test, ok := n.Method(i).Interface().(func(*testing.T))
		switch {
		case ok:
			t.Run(name, test)
		case strings.HasPrefix(name, "Test"):
			t.Errorf("%s is no test: it wants more than t, or gives something", name)
		}
	}
}
