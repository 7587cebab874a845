package request

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// What is registered can be sent from, and written as a header and a sender of SMS.
func FuzzParseRegistration(f *testing.F) {
	for _, seed := range []string{
		`{"organisation":"Ministry of Health","email":["noreply@health.example","*@health.example"],"sms":["HEALTH","+996312000111"]}`,
		`{"organisation":"x","email":["A@b.example","a@b.example"]}`, `{"organisation":"a\r\nb","sms":[" "]}`, `{"email":"x"}`, `{"organisation":"x","names":["y"],"registrationNumber":"1","replies":"full"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ParseRegistration(body)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		sender, err := r.Sender(rooms.Sender{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sender.Form().Sender(); err != nil {
			t.Errorf("a sender that does not come back: %v", err)
		}
	})
}
