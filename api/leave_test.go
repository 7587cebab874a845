package api

import (
	"net/http"
	"strings"
	"testing"
)

// Who follows a link, or scans it, changes nothing; one click does, and the same click again changes nothing more.
func TestLeavePage(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	const parts = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for _, tc := range []struct {
		method, token, body string
		header              []string
		status, left        int
		says                string
	}{
		{"GET", "good", "", nil, 200, 1, "Unsubscribe"},
		{"HEAD", "good", "", nil, 200, 1, ""},
		{"GET", "bad", "", nil, 404, 1, "link is not good"},
		{"POST", "bad", "List-Unsubscribe=One-Click", form, 404, 1, "link is not good"},
		{"POST", "unsure", "do=leave", form, 404, 1, "link is not good"},
		{"POST", "good", "", form, 400, 1, "Nothing was done"},
		{"POST", "good", "List-Unsubscribe=Two-Clicks", form, 400, 1, "Nothing was done"},
		{"POST", "good", `{"do":"leave"}`, nil, 400, 1, "Nothing was done"},
		{"POST", "good", "do=pause", form, 200, 1, "Paused"},
		{"POST", "good", parts, []string{"Content-Type", "multipart/form-data; boundary=b"}, 200, 0, "Unsubscribed"},
		{"POST", "good", "List-Unsubscribe=One-Click", form, 200, 0, "Unsubscribed"},
		{"POST", "good", "do=leave", form, 200, 0, "no more messages of Mothers"},
		{"POST", "good", "do=pause", form, 200, 0, "Unsubscribed"},
	} {
		w := ask{tc.method, "/leave/" + tc.token, "", tc.body, tc.header}.of(s)
		if w.Code != tc.status || len(e.people) != tc.left || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s %s %q: %d, %d left, %s", tc.method, tc.token, tc.body, w.Code, len(e.people), w.Body)
		}
		h := w.Header()
		if h.Get("Content-Security-Policy") == "" || h.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
			t.Errorf("%s %s: %v", tc.method, tc.token, h)
		}
	}
}

func TestConfirmPage(t *testing.T) {
	s := newServer(newEngine())
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, tc := range []struct {
		method, token, body string
		status              int
	}{
		{"GET", "good." + goodCode, "", http.StatusOK}, {"GET", "bad", "", http.StatusNotFound},
		{"POST", "good." + goodCode, "", http.StatusBadRequest}, {"POST", "good." + goodCode, "do=confirm", http.StatusOK},
		{"POST", "good.x", "do=confirm", http.StatusNotFound}, {"POST", "bad", "do=confirm", http.StatusNotFound},
	} {
		if w := (ask{tc.method, "/confirm/" + tc.token, "", tc.body, form}).of(s); w.Code != tc.status {
			t.Errorf("%s %s: %d %s", tc.method, tc.token, w.Code, w.Body)
		}
	}
}

// Whoever has a good link makes one entry of the record by each change, however often he asks for it.
func TestLeavingIsRecordedOnce(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for i, want := range []int{1, 1, 2, 2, 2} {
		body := "do=pause"
		if i > 1 {
			body = "do=leave"
		}
		w := ask{"POST", "/leave/good", "", body, []string{"Content-Type", "application/x-www-form-urlencoded"}}.of(s)
		if w.Code != http.StatusOK || len(e.recorded) != want {
			t.Errorf("%d: %d, %d entries, want %d", i, w.Code, len(e.recorded), want)
		}
	}
}
