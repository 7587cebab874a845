package vault_test

import "testing"

const bodySize = 300 // bytes: a short text message's request

func BenchmarkMAC(b *testing.B) {
	v, body := fresh(b), make([]byte, bodySize)
	b.ReportAllocs()
	b.SetBytes(bodySize)
	for b.Loop() {
		v.MAC("request", body)
	}
}

func BenchmarkHash(b *testing.B) {
	v := fresh(b)
	b.ReportAllocs()
	for b.Loop() {
		v.Hash("transaction", "hosp-7", "hosp-7-2026-0042")
	}
}

func BenchmarkSeal(b *testing.B) {
	v, body := fresh(b), make([]byte, bodySize)
	b.ReportAllocs()
	b.SetBytes(bodySize)
	for b.Loop() {
		if _, err := v.Seal(body, "newborn", "17"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnseal(b *testing.B) {
	v := fresh(b)
	box := sealed(b, v, string(make([]byte, bodySize)), "newborn", "17")
	b.ReportAllocs()
	b.SetBytes(bodySize)
	for b.Loop() {
		if _, err := v.Unseal(box, "newborn", "17"); err != nil {
			b.Fatal(err)
		}
	}
}
