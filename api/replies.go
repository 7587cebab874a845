package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

// Replies are what people have written and nobody has taken. Its errors are those of package replies.
type Replies interface {
	List(ctx context.Context, by replies.Reader, after uint64, limit int) (page []replies.Opened, next uint64, err error)
	Get(ctx context.Context, by replies.Reader, id rooms.ReplyID) (replies.Opened, error)
	Take(ctx context.Context, by replies.Reader, id rooms.ReplyID) error
	Release(ctx context.Context, id rooms.ReplyID, room rooms.RoomConfig, u rooms.UMID) (replies.Opened, error)
	RemoveAll(ctx context.Context, room rooms.Room) error
	Hand(ctx context.Context, h replies.Handed) (rooms.Reply, error)
}

// readsAs is what a caller sees: an admin of the room all, a publisher what answers his messages; outside of a room, all that
// belongs to nobody.
func readsAs(c *call) replies.Reader {
	return replies.Reader{Room: c.room.Name, Client: c.client, All: c.room.Name == "" || c.has.any(roomAdmin)}
}

func (s *Server) listReplies(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.deps.Replies.List(c.context(), readsAs(c), p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.ReplyList{Replies: []v1.Reply{}}
	if next > 0 {
		list.Next = optional(strconv.FormatUint(next, 10))
	}
	for _, one := range found {
		list.Replies = append(list.Replies, replyOf(one.Reply, one.Letter))
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) getReply(c *call) (answer, error) {
	id, err := c.replyID()
	if err != nil {
		return answer{}, err
	}
	one, err := s.deps.Replies.Get(c.context(), readsAs(c), id)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, replyOf(one.Reply, one.Letter))
}

func (s *Server) takeReply(c *call) (answer, error) {
	id, err := c.replyID()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Replies.Take(ctx, readsAs(c), id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// releaseUnmatched gives what belonged to nobody to a room.
func (s *Server) releaseUnmatched(c *call) (answer, error) {
	id, err := c.replyID()
	if err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	room, umid, err := request.ParseRelease(body)
	if err != nil {
		return answer{}, err
	}
	config, err := s.deps.Rooms.Get(c.context(), room)
	if err != nil {
		return answer{}, err
	}
	c.room, c.umid = config, umid
	ctx, cancel := s.beyond(c)
	defer cancel()
	one, err := s.deps.Replies.Release(ctx, id, config, umid)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, replyOf(one.Reply, one.Letter))
}

func (c *call) replyID() (id rooms.ReplyID, err error) {
	c.reply, err = parameter("reply", mux.Vars(c.r)["reply"], rooms.ParseReplyID)
	return c.reply, err
}

func replyOf(r rooms.Reply, l rooms.Letter) v1.Reply {
	out := v1.Reply{
		ID: strconv.FormatUint(r.Sequence, 10), Kind: string(r.Kind), Room: string(r.Room), Channel: v1.Channel(r.Channel),
		From: l.From.Reveal(), To: l.To.Reveal(), Subject: l.Subject.Reveal(), Text: l.Text.Reveal(),
		At: moment(r.At), ReceivedAt: moment(r.HeardAt), Publisher: string(r.Publisher),
	}
	if r.Matched() {
		out.UMID, out.Recipient = string(r.UMID), r.N
	}
	return out
}

// freeInbox refuses what people write to another room already. Two rooms that are changed at the same moment may both get
// it; then the first by name has it.
func (s *Server) freeInbox(c *call, wanted rooms.RoomConfig, name rooms.Room) error {
	if len(wanted.Inbox.Addresses) == 0 {
		return nil
	}
	all, err := s.deps.Rooms.List(c.context())
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Name != name && r.Inbox.Clashes(wanted.Inbox) {
			return problem.Of(v1.ProblemCodeInboxTaken)
		}
	}
	return nil
}

func inboxOf(i rooms.Inbox) v1.Inbox {
	return v1.Inbox{Addresses: i.Addresses, Keywords: i.Keywords, Stop: i.Stop, Start: i.Start, Help: i.Help, Confirm: i.Confirm}
}
