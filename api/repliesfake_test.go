package api

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

// repliesFake has number 17, an answer to hosp-7 in newborn, and 18, which belongs to nobody.
type repliesFake struct{ *engine }

func knownReply(room rooms.Room) replies.Opened {
	o := replies.Opened{Letter: rooms.Letter{Text: rooms.NewBody("Can I come on Wednesday?")}}
	o.Reply = rooms.Reply{ID: "a", Kind: rooms.InboundReply, Room: room, Channel: rooms.SMS, At: noon(), HeardAt: noon(), Sequence: 18}
	o.From, _ = rooms.ParsePhone("+996555000111")
	if room != "" {
		o.Sequence, o.UMID, o.N, o.Publisher = 17, umid, 3, "hosp-7"
	}
	return o
}

func (f repliesFake) List(_ context.Context, by replies.Reader, after uint64, _ int) ([]replies.Opened, uint64, error) {
	if after > 0 || !by.All && by.Client != "hosp-7" {
		return nil, 0, nil
	}
	return []replies.Opened{knownReply(by.Room)}, 17, nil
}

func (f repliesFake) Get(_ context.Context, by replies.Reader, id rooms.ReplyID) (replies.Opened, error) {
	one := knownReply(by.Room)
	if one.Sequence != id.Sequence() || !by.All && by.Client != one.Publisher && by.Client != "hosp-8" {
		return replies.Opened{}, replies.ErrUnknown
	}
	return one, nil
}

func (f repliesFake) Take(ctx context.Context, by replies.Reader, id rooms.ReplyID) error {
	_, err := f.Get(ctx, by, id)
	return err
}

func (f repliesFake) Release(_ context.Context, id rooms.ReplyID, room rooms.RoomConfig, u rooms.UMID) (replies.Opened, error) {
	if id != "18" {
		return replies.Opened{}, replies.ErrUnknown
	}
	if u != "" && u != umid {
		return replies.Opened{}, replies.ErrUnfit
	}
	return knownReply(room.Name), nil
}

func (f repliesFake) RemoveAll(context.Context, rooms.Room) error { return nil }

func TestRepliesOverNATS(t *testing.T) {
	s := newServer(newEngine())
	for _, tc := range []struct {
		client rooms.Client
		body   string
		code   int
		shown  bool
	}{
		{"hosp-7", "", 200, true}, {"boss", `{"limit":1}`, 200, true}, {"hosp-8", `{}`, 200, false}, {"boss", `{"cursor":"17"}`, 200, false},
		{"other", "", 403, false}, {"boss", `{"limit":4711}`, 400, false}, {"boss", `x`, 400, false},
	} {
		a := s.RepliesOverNATS(t.Context(), broker.Question{Subject: rooms.RepliesAskedBy(tc.client, "newborn"), Body: []byte(tc.body)})
		if a.Code != tc.code || tc.shown != bytes.Contains(a.Body, []byte(`"id":"17"`)) {
			t.Errorf("%s %s: %d %s", tc.client, tc.body, a.Code, a.Body)
		}
	}
	if a := s.RepliesOverNATS(t.Context(), broker.Question{Subject: "crier.from.x.newborn"}); a.Code != 403 {
		t.Errorf("%d", a.Code)
	}
}

func TestTwoRoomsOneInbox(t *testing.T) {
	s := newServer(newEngine())
	for i, tc := range []struct {
		inbox string
		want  int
	}{
		{`{"addresses":["4404"]}`, 201}, {`{"addresses":["4404"]}`, 409}, {`{"addresses":["4404","4405"],"keywords":["Books"]}`, 201},
		{`{"addresses":["4405"],"keywords":["books","films"]}`, 409}, {`{"addresses":["4405"],"keywords":["films"]}`, 201},
		{`{"keywords":["films"]}`, 400}, {`{"addresses":["44 05"]}`, 400}, {`{"addresses":["4406"],"keywords":["two words"]}`, 400},
	} {
		w := ask{"POST", "/v1/rooms", "root+admin", fmt.Sprintf(`{"name":"r%d","inbox":%s}`, i, tc.inbox), nil}.of(s)
		if w.Code != tc.want {
			t.Errorf("%s: %d %s", tc.inbox, w.Code, w.Body)
		}
	}
}
