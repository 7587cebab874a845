package email

import (
	"bytes"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func composing(tb testing.TB, o Options) composer {
	tb.Helper()
	c, err := newComposer(o.WithDefaults())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func said(text, html string) rooms.Content {
	return rooms.Content{Subject: rooms.NewBody("s"), Text: rooms.NewBody(text), HTML: rooms.NewBody(html)}
}

// What all recipients read is composed once; what it is does not depend on whether it was kept.
func TestBodiesAreComposedOnce(t *testing.T) {
	kept, none := newBodies(1<<20), newBodies(0)
	contents := []rooms.Content{said("a", ""), said("", "a"), said("a", "b"), said("ab", ""), said(strings.Repeat("long ", 400), "<p>ж</p>")}
	var first []body
	for _, c := range contents {
		b, err := kept.of(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, b)
	}
	for i, c := range contents {
		again, err := kept.of(c, nil)
		anew, err2 := none.of(c, nil)
		if err != nil || err2 != nil || &again.bytes[0] != &first[i].bytes[0] || &anew.bytes[0] == &first[i].bytes[0] {
			t.Errorf("%d: composed twice, or not anew where nothing is kept: %v, %v", i, err, err2)
		}
		if !bytes.Equal(again.bytes, anew.bytes) || again.hash != anew.hash {
			t.Errorf("%d: kept it is\n%s\nanew it is\n%s", i, again.bytes, anew.bytes)
		}
		for j := range i {
			if bytes.Equal(first[j].bytes, again.bytes) {
				t.Errorf("contents %d and %d are one body", i, j)
			}
		}
	}
}

// However many contents there are, no more is kept than allowed, and the last used stays.
func TestBodiesAreBounded(t *testing.T) {
	b := newBodies(2000)
	favourite := said("favourite", "")
	was, err := b.of(favourite, nil)
	for i := range 100 {
		if _, err := b.of(said(strings.Repeat("x", i*10), ""), nil); err != nil {
			t.Fatal(err)
		}
		size := 0
		for e := b.order.Front(); e != nil; e = e.Next() {
			size += len(e.Value.(keptBody).body.bytes)
		}
		if size != b.size || size > 2000 || len(b.byKey) != b.order.Len() {
			t.Fatalf("%d bytes are kept in %d bodies, %d are counted in %d", size, b.order.Len(), b.size, len(b.byKey))
		}
		now, err2 := b.of(favourite, nil)
		if err != nil || err2 != nil || &now.bytes[0] != &was.bytes[0] {
			t.Fatalf("after %d others what is used all the time was forgotten: %v, %v", i, err, err2)
		}
	}
	if b.order.Len() < 2 {
		t.Error("nothing else is kept")
	}
}

func BenchmarkCompose(b *testing.B) {
	to, err := rooms.ParseEmail("citizen@people.test")
	if err != nil {
		b.Fatal(err)
	}
	d := rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01K9ZZZZZZABCDEFGHJKMNPQRS", N: 1}, To: rooms.Contact{Address: to},
		Content: said(strings.Repeat("1 kB of text. ", 73), ""),
	}
	for name, cache := range map[string]int{"once": 1 << 20, "anew": 1} {
		b.Run(name, func(b *testing.B) {
			c := composing(b, Options{From: "office@gov.test", CacheBytes: cache})
			for b.Loop() {
				if _, err := c.message(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
