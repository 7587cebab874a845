package stream

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// packedEntry is the size of a page entry: sequence, big endian, and subscriber id, decoded.
const packedEntry = 8 + 20

// page is how a page is stored.
type page struct {
	Header  rooms.Header `json:"header"`
	Number  int          `json:"number"`
	Count   int          `json:"count"`
	Entries []byte       `json:"entries,omitzero"`
}

func encodePage(p rooms.Page) ([]byte, error) {
	packed := make([]byte, 0, len(p.Entries)*packedEntry)
	for _, e := range p.Entries {
		id, err := base64.RawURLEncoding.DecodeString(string(e.Subscriber))
		if err != nil || len(id) != packedEntry-8 {
			return nil, fmt.Errorf("stream: pack a page: %w", rooms.ErrName)
		}
		packed = append(binary.BigEndian.AppendUint64(packed, e.Sequence), id...)
	}
	return json.Marshal(page{p.Header, p.Number, p.Count, packed})
}

func decodePage(data []byte) (rooms.Page, error) {
	var p page
	if err := json.Unmarshal(data, &p); err != nil {
		return rooms.Page{}, fmt.Errorf("stream: read a page: %w", err)
	}
	out := rooms.Page{Header: p.Header, Number: p.Number, Count: p.Count}
	if len(p.Entries)%packedEntry != 0 {
		return out, errors.New("stream: read a page: its entries are cut off")
	}
	for b := p.Entries; len(b) > 0; b = b[packedEntry:] {
		out.Entries = append(out.Entries, rooms.PageEntry{
			Sequence:   binary.BigEndian.Uint64(b),
			Subscriber: rooms.SubscriberID(base64.RawURLEncoding.EncodeToString(b[8:packedEntry])),
		})
	}
	return out, nil
}

// Cut is how far the cut of a message into pages has come.
type Cut struct {
	Sequence   uint64 `json:"seq"`          // of the last subscriber that is on a page
	Recipients int    `json:"recipients"`   // on all pages so far
	End        bool   `json:"end,omitzero"` // nobody is left
}

// AppendPages stores at most 999 pages of a message and a marker for this part of the cut, all
// or none. If the marker is there already the pages were stored before, and nothing is added.
// ErrFull while the queue is half full.
func (l *Log) AppendPages(ctx context.Context, part int, pages []rooms.Page, soFar Cut) error {
	h := pages[0].Header
	if err := l.checkPages(ctx, h.Lane); err != nil {
		return err
	}
	msgs := make([]*nats.Msg, 0, len(pages)+1)
	for _, p := range pages {
		data, err := encodePage(p)
		if err != nil {
			return err
		}
		msgs = append(msgs, &nats.Msg{Subject: rooms.PageSubject(h.Lane), Header: nats.Header{}, Data: data})
	}
	progress, err := json.Marshal(soFar)
	if err != nil {
		return fmt.Errorf("stream: mark a cut: %w", err)
	}
	msgs = append(msgs, l.marker(h.Lane, h.UMID, "cut"+strconv.Itoa(part), progress))
	err = l.append(ctx, msgs)
	if out := classify(err); !errors.Is(out, ErrExists) {
		return out
	}
	return nil
}

// checkPages keeps half of a queue free of pages: each becomes many times its size in jobs, and a
// queue full of pages would never empty.
func (l *Log) checkPages(ctx context.Context, lane rooms.Lane) error {
	s, err := l.handle(ctx, queueName(lane))
	if err != nil {
		return err
	}
	info, err := s.Info(ctx)
	if err != nil {
		out := classify(err)
		return out
	}
	if info.State.Bytes > uint64(l.options.queueBytes(lane))/2 {
		return ErrFull
	}
	return nil
}

// CutTo says how far the cut of a message had come with a part; ok is false if that part has
// not been stored.
func (l *Log) CutTo(ctx context.Context, lane rooms.Lane, umid rooms.UMID, part int) (c Cut, ok bool, err error) {
	s, err := l.handle(ctx, queueName(lane))
	if err != nil {
		return Cut{}, false, err
	}
	m, err := s.GetLastMsgForSubject(ctx, rooms.DoneSubject(lane, umid, "cut"+strconv.Itoa(part)))
	if err != nil {
		if gone(err) {
			return Cut{}, false, nil
		}
		out := classify(err)
		return Cut{}, false, out
	}
	if err := json.Unmarshal(m.Data, &c); err != nil {
		return Cut{}, false, fmt.Errorf("stream: read the mark of a cut: %w", err)
	}
	return c, true, nil
}

// marker is an entry that can be stored once.
func (l *Log) marker(lane rooms.Lane, umid rooms.UMID, name string, data []byte) *nats.Msg {
	return &nats.Msg{
		Subject: rooms.DoneSubject(lane, umid, name),
		Header:  nats.Header{headerExpectedLast: {"0"}, "Nats-TTL": {l.options.MarkerTTL.String()}},
		Data:    data,
	}
}

// Pages hands the pages of a lane out, in order.
type Pages struct {
	log *Log
	puller
}

// HeldPage is a page that becomes jobs.
type HeldPage struct {
	rooms.Page
	*Held
}

// Pages opens the consumer of a lane's pages.
func (l *Log) Pages(ctx context.Context, lane rooms.Lane) (*Pages, error) {
	p, err := l.puller(ctx, queueName(lane), pagesName(lane))
	return &Pages{l, p}, err
}

// Fetch gives the pages that wait, at most max; if none does, it waits for one.
func (p *Pages) Fetch(ctx context.Context, max int, wait time.Duration) ([]HeldPage, error) {
	var out []HeldPage
	err := p.take(ctx, max, wait, func(h *Held) error {
		page, err := decodePage(h.msg.Data())
		if err != nil {
			p.log.options.Log.Error("a page cannot be read; it is dropped", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		out = append(out, HeldPage{page, h})
		return nil
	})
	return out, err
}

// Waiting says whether pages of the lane wait or are being worked on.
func (p *Pages) Waiting(ctx context.Context) (bool, error) {
	info, err := p.consumer.Info(ctx)
	if err != nil {
		out := classify(err)
		return false, out
	}
	return info.NumPending > 0 || info.NumAckPending > 0, nil
}
