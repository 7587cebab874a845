package api

import (
	"crypto/rand"
	"net/http"
)

const maxRequestID = 64

// requestID is the caller's own if it is a plain word, else a new one.
func requestID(h http.Header) string {
	if id := h.Get("X-Request-Id"); isPlain(id) {
		return id
	}
	return rand.Text()
}

func isPlain(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
