package index

import "github.com/govcrier/crier/rooms"

// headers folds entries of ROOMS.
func (b *batch) headers(headers []rooms.Header) error {
	keys := make([]string, 0, len(headers))
	for _, h := range headers {
		keys = append(keys, messageKey(h.UMID))
	}
	if err := b.ahead(keys); err != nil {
		return err
	}
	for _, h := range headers {
		if _, err := rooms.ParseUMID(string(h.UMID)); err != nil {
			continue // nobody can ask for it
		}
		m, err := b.message(h.UMID)
		if err != nil {
			return err
		}
		m.accept(h)
		if err := b.supersede(h); err != nil {
			return err
		}
	}
	return nil
}

// events folds entries of EVENTS.
func (b *batch) events(events []rooms.Event) error {
	keys := make([]string, 0, 2*len(events))
	for _, e := range events {
		keys = append(keys, messageKey(e.UMID))
		if n, ok := pageOf(e); ok {
			keys = append(keys, pageKey(e.UMID, n))
		}
		if counts(e) {
			keys = append(keys, reachedKey(e.Owner))
		}
		for _, c := range rooms.Confirmations(e) {
			keys = append(keys, sentKey(c.Provider, c.ID))
		}
		if answerable(e) {
			keys = append(keys, contactedKey(e.Contact), recipientKey(rooms.DeliveryID{UMID: e.UMID, N: e.N}))
		}
	}
	if err := b.ahead(keys); err != nil {
		return err
	}
	for _, e := range events {
		if err := b.event(e); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) event(e rooms.Event) error {
	if _, err := rooms.ParseUMID(string(e.UMID)); err != nil {
		return nil // nobody can ask for it
	}
	m, err := b.message(e.UMID)
	if err != nil {
		return err
	}
	if counts(e) {
		if err := b.reach(e); err != nil {
			return err
		}
	}
	if err := b.confirm(e); err != nil {
		return err
	}
	if answerable(e) {
		if err := b.contact(e); err != nil {
			return err
		}
	}
	if !pageable(e.Kind) {
		m.apply(e, nil)
		if e.Kind == rooms.EventAccepted && e.Message != nil {
			return b.supersede(*e.Message)
		}
		return nil
	}
	n, ok := pageOf(e)
	if !ok {
		return nil
	}
	key := pageKey(e.UMID, n)
	p, err := load[page](b, key)
	if err != nil {
		return err
	}
	m.apply(e, p)
	m.pages = max(m.pages, n+1)
	b.put(key, p)
	return nil
}
