package vault_test

import (
	"fmt"
	"sync"
	"testing"
)

func TestParallelUse(t *testing.T) {
	v := fresh(t)
	want := v.Hash("p", "x")
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				text := fmt.Sprint(g, i)
				box, err := v.Seal([]byte(text), text)
				got, err2 := v.Unseal(box, text)
				if err != nil || err2 != nil || string(got) != text {
					t.Error("sealed and unsealed differ", err, err2)
				}
				if v.Hash("p", "x") != want || !v.VerifyMAC(v.MAC("p", box), "p", box) {
					t.Error("hashes differ")
				}
			}
		})
	}
	all.Wait()
}
