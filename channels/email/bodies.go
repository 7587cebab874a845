package email

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/govcrier/crier/rooms"
)

// body is the part of a message that all its recipients read alike: a MIME entity, with its own header lines.
type body struct {
	bytes []byte
	hash  [sha256.Size]byte // as DKIM counts it
}

// bodies composes them, and keeps the latest for the next recipients, up to so many bytes. A content that says something
// else to each person is composed for each.
type bodies struct {
	limit int

	mu    sync.Mutex
	size  int
	byKey map[contentKey]*list.Element // of keptBody
	order *list.List                   // the last used in front
}

// contentKey tells contents apart.
type contentKey [sha256.Size]byte

type keptBody struct {
	key  contentKey
	body body
}

func newBodies(limit int) *bodies {
	return &bodies{limit: limit, byKey: map[contentKey]*list.Element{}, order: list.New()}
}

// of gives the body of a content: the same bytes each time, kept or not, but for the signature, if a signer is given.
func (b *bodies) of(c rooms.Content, s *signer) (body, error) {
	key := keyOf(c, s != nil)
	if kept, ok := b.find(key); ok {
		return kept, nil
	}
	made, err := newBody(c, key, s)
	if err == nil {
		b.keep(key, made)
	}
	return made, err
}

func newBody(c rooms.Content, key contentKey, s *signer) (body, error) {
	entity, err := compose(c, key)
	if err == nil && s != nil {
		entity, err = s.sign(entity, key.boundary("signed-"))
	}
	return body{entity, hashBody(entity)}, err
}

func (b *bodies) find(key contentKey) (body, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.byKey[key]
	if !ok {
		return body{}, false
	}
	b.order.MoveToFront(e)
	return e.Value.(keptBody).body, true
}

func (b *bodies) keep(key contentKey, made body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.byKey[key]; ok || len(made.bytes) > b.limit {
		return
	}
	b.byKey[key] = b.order.PushFront(keptBody{key, made})
	b.size += len(made.bytes)
	for b.size > b.limit {
		last := b.order.Remove(b.order.Back()).(keptBody)
		delete(b.byKey, last.key)
		b.size -= len(last.body.bytes)
	}
}

// keyOf is over what a body is made of.
func keyOf(c rooms.Content, signed bool) (key contentKey) {
	text, html := c.Text.Reveal(), c.HTML.Reveal()
	all := make([]byte, 1, 9+len(text)+len(html))
	if signed {
		all[0] = 1
	}
	all = binary.BigEndian.AppendUint64(all, uint64(len(text)))
	return sha256.Sum256(append(append(all, text...), html...))
}

// compose writes text, HTML, or both as alternatives, HTML last since it is preferred (RFC 2046 §5.1.4). The boundary
// follows from the content.
func compose(c rooms.Content, key contentKey) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(key.boundary("")))
	m.SetDateWithValue(time.Time{})
	m.SetMessageIDWithValue("none")
	switch {
	case c.HTML.IsZero():
		m.SetBodyString(gomail.TypeTextPlain, c.Text.Reveal())
	case c.Text.IsZero():
		m.SetBodyString(gomail.TypeTextHTML, c.HTML.Reveal())
	default:
		m.SetBodyString(gomail.TypeTextPlain, c.Text.Reveal())
		m.AddAlternativeString(gomail.TypeTextHTML, c.HTML.Reveal())
	}
	var whole bytes.Buffer
	if _, err := m.WriteTo(&whole); err != nil {
		return nil, err
	}
	return whole.Bytes()[bytes.Index(whole.Bytes(), []byte("Content-")):], nil // before it stand a date, an id and a version
}
