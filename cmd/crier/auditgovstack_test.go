package main

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// govstackCalls are those of GovStack's interfaces, each of which is answered with success; they follow each other. The id is
// that of the last event or e-mail, reply
// that of the first reply that was listed.
func govstackCalls(id, reply string) []auditCall {
	const at, types, subs = "/r1/neverland/GOV/capital-city/births", "/api/v1/eventType", "/api/v1/subs"
	const event, pull = `{"eventType":"newBirth","event":{"a":1}}`, `{"eventType":"newBirth","delivery":"PULL","options":{"TTL":3600,"FIFO":true}}`
	return []auditCall{
		{"POST", at + types, demoAdmin, `{"eventType":"newBirth","schema":{"type":"object"}}`, 200},
		{"GET", at + types, demoReader, "", 200},
		{"GET", at + types + "/newBirth", demoReader, "", 200},
		{"POST", at + subs + "/newBirth", demoReader, pull, 200},
		{"GET", at + subs, demoReader, "", 200},
		{"GET", at + subs + "/newBirth", demoReader, "", 200},
		{"PATCH", at + subs + "/newBirth", demoReader, pull, 201},
		{"POST", at + "/pub/v1/newBirth", demoPublisher, event, 201},
		{"GET", at + "/pub/v1/newBirth/" + id, demoPublisher, "", 200},
		{"GET", at + "/pull/v1/newBirth", demoReader, "", 200},
		{"DELETE", at + "/pull/v1/newBirth/" + id, demoReader, "", 204},
		{"DELETE", at + "/pub/v1/newBirth/" + id, demoPublisher, "", 204},
		{"DELETE", at + subs + "/newBirth", demoReader, "", 204},
		{"GET", at + "/listMethods", demoReader, "", 200},
		{"GET", at + "/allowedMethods", demoReader, "", 200},
		{"GET", at + "/getOpenAPI?serviceCode=pub", demoReader, "", 200},
		{"GET", "/r1/listClients", demoReader, "", 200},
		{"DELETE", at + types + "/newBirth", demoAdmin, "", 204},
		{"POST", "/send/email/single", demoPublisher, `{"recipientInfo":{"email":"a@example.com"},"emailContent":{"title":"t","content":"c"}}`, 200},
		{"POST", "/send/email/batch", demoPublisher, `{"recipientInfo":{"email":"b@example.com"},"emailContent":{"title":"t","content":"c"}}`, 200},
		{"POST", "/callback/email", demoPublisher, `{"meta":"x","content":"eA=="}`, 200},
		{"GET", "/status/email?status=delivered", demoPublisher, "", 200},
		{"GET", "/reply/email", demoPublisher, "", 200},
		{"DELETE", "/reply/email/" + cmp.Or(reply, "1"), demoPublisher, "", 204},
	}
}

// callGovstack makes each of the calls, first with a token that is none.
func (s *stand) callGovstack(made map[string]auditCall) {
	s.t.Helper()
	for _, c := range []auditCall{
		{"POST", "/v1/rooms", demoAdmin, `{"name":"births","publishers":[{"client":"` + demoPublisher + `"}],"readers":["` + demoReader + `"]}`, 201},
		{"PUT", "/v1/clients/" + demoPublisher, demoAdmin, `{"organisation":"Ministry","email":["ministry@example.com"]}`, 201},
		{"POST", "/v1/clients/" + demoPublisher + "/keys", demoAdmin, "", 201},
	} {
		if a := s.call(c); a.status != c.status {
			s.t.Fatalf("%s %s: answered %d %s, want %d", c.method, c.path, a.status, a.body, c.status)
		}
	}
	id, reply := "", ""
	for n := range govstackCalls("", "") {
		good := govstackCalls(id, reply)[n]
		bad := good
		bad.who, bad.status = "qzcanary", http.StatusUnauthorized
		for _, c := range []auditCall{bad, good} {
			token := c.who
			if c == good {
				token = s.token(c.who)
			}
			header := []string{"requestUid", id}
			if strings.HasPrefix(c.path, "/r1/") {
				header = []string{"X-GovStack-Client", "neverland/GOV/any/" + good.who}
			}
			a := ask(s.t, c.method, s.app.URL()+c.path, token, c.body, header...)
			if a.status != c.status {
				s.t.Fatalf("%s %s: answered %d %s, want %d", c.method, c.path, a.status, a.body, c.status)
			}
			made[a.requestID] = c
			var got struct {
				ID         string `json:"id"`
				RequestUID string `json:"requestUid"`
				Replies    []struct {
					ID string `json:"id"`
				} `json:"replies"`
			}
			if c == good && c.method == http.MethodPost && json.Unmarshal([]byte(a.body), &got) == nil && got.ID+got.RequestUID != "" {
				id = got.ID + got.RequestUID
			}
			if c == good && json.Unmarshal([]byte(a.body), &got) == nil && len(got.Replies) > 0 {
				reply = got.Replies[0].ID
			}
		}
	}
}
