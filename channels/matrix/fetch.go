package matrix

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
)

const (
	maxPages  = 20  // of a gap between two readings
	pageLimit = 100 // events of one
	readBack  = 50  // events of ours that one read receipt may count for
)

// object is JSON that is made here; it can always be written.
type object = map[string]any

func compact(o object) string {
	b, _ := json.Marshal(o, json.Deterministic(true))
	return string(b)
}

// theirs are the events of others that are looked at.
func theirs(us string) object {
	return object{"types": []string{typeMessage, typeEncrypted, typeMember}, "not_senders": []string{us}}
}

// syncFilter has a reading bring nothing but what is looked at.
func syncFilter(o Options) string {
	none := object{"not_types": []string{"*"}}
	timeline := theirs(o.UserID)
	timeline["limit"] = timelineLimit
	receipts := none
	if !o.NoReceipts {
		receipts = object{"types": []string{"m.receipt"}}
	}
	return compact(object{"presence": none, "account_data": none, "room": object{
		"timeline": timeline, "ephemeral": receipts, "account_data": none,
		"state": object{"not_types": []string{"*"}, "lazy_load_members": true},
	}})
}

// whole fetches the events that a reading has left out of a room, and gives all in their order.
func (r *reader) whole(ctx context.Context, room string, t timeline, since string) ([]event, error) {
	if !t.Limited || t.Prev == "" || since == "" {
		return t.Events, nil
	}
	var missing []event
	for from, n := t.Prev, 0; from != "" && n < maxPages; n++ {
		var older struct {
			Chunk []event `json:"chunk"`
			End   string  `json:"end"`
		}
		err := r.client.do(ctx, request{method: "GET", path: at("rooms", room, "messages"), query: url.Values{
			"dir": {"b"}, "from": {from}, "to": {since}, "limit": {strconv.Itoa(pageLimit)}, "filter": {compact(theirs(r.options.UserID))},
		}}, &older)
		if r.skips("events that were left out", err) {
			break
		}
		if err != nil {
			return nil, err
		}
		missing = append(missing, older.Chunk...)
		from = older.End
		if len(older.Chunk) == 0 {
			break
		}
	}
	slices.Reverse(missing)
	return append(missing, t.Events...), nil
}

// ours gives an event, if it is one of ours, and those of ours before it, the newest first.
func (r *reader) ours(ctx context.Context, room, id string) ([]event, error) {
	var found struct {
		Event  event   `json:"event"`
		Before []event `json:"events_before"`
	}
	err := r.client.do(ctx, request{method: "GET", path: at("rooms", room, "context", id), query: url.Values{
		"limit":  {strconv.Itoa(2 * readBack)}, // half of them before it
		"filter": {compact(object{"types": []string{typeMessage}, "senders": []string{r.options.UserID}})},
	}}, &found)
	if err != nil {
		return nil, err
	}
	all := append([]event{found.Event}, found.Before...)
	return slices.DeleteFunc(all, func(e event) bool { return e.Sender != r.options.UserID || e.Type != typeMessage }), nil
}

// one gives an event of a room.
func (r *reader) one(ctx context.Context, room, id string) (e event, err error) {
	err = r.client.do(ctx, request{method: "GET", path: at("rooms", room, "event", id)}, &e)
	return e, err
}

// direct says whether there is nobody in a room but somebody and us.
func (r *reader) direct(ctx context.Context, room, user string) (bool, error) {
	if other, known := r.others[room]; known {
		return other == user, nil
	}
	var there struct {
		Joined map[string]struct{} `json:"joined"`
	}
	err := r.client.do(ctx, request{method: "GET", path: at("rooms", room, "joined_members")}, &there)
	if r.skips("who is in a room", err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	other := ""
	if _, his := there.Joined[user]; his && len(there.Joined) == 2 {
		other = user
	}
	if len(r.others) >= maxRemembered {
		clear(r.others)
	}
	r.others[room] = other
	return other == user, nil
}
