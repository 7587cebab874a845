package outbound_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// An application that receives webhooks or callbacks, with the library of Standard Webhooks.
func Example_receiver() {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic(err)
	}
	seen := map[string]bool{} // in real life a table
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20)) // as it came, byte for byte
		if err != nil || check.Verify(body, r.Header) != nil {
			http.Error(w, "no good signature", http.StatusUnauthorized)
			return
		}
		if id := r.Header.Get("webhook-id"); !seen[id] { // a call may come twice
			seen[id] = true
			fmt.Printf("%s", body)
		}
		w.WriteHeader(http.StatusNoContent)
	}

	// What crier sends:
	body, now := []byte(`{"specversion":"1.0"}`), time.Now()
	signature, _ := outbound.Sign([]rooms.Signing{{Secret: rooms.NewSecret(secret)}}, "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M-0", now, body)
	r := httptest.NewRequest(http.MethodPost, "/crier", bytes.NewReader(body))
	r.Header.Set("webhook-id", "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M-0")
	r.Header.Set("webhook-timestamp", fmt.Sprint(now.Unix()))
	r.Header.Set("webhook-signature", signature)
	answer := httptest.NewRecorder()
	receive(answer, r)
	fmt.Println(" is answered with", answer.Code)
	// Output: {"specversion":"1.0"} is answered with 204
}
