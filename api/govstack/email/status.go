package email

import (
	"net/url"
	"strings"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// Deliveries are those of a message, page by page; next is -1 at the end.
type Deliveries interface {
	Deliveries(u rooms.UMID, from, limit int) (list []index.Delivery, next int, err error)
}

// Count is how many deliveries of a message have each status.
type Count struct {
	scheduled, processing, deferred, bounced, notSent, delivered int
}

// of finds the number of a status as people spell it.
func (c *Count) of(name string) *int {
	return map[string]*int{
		"scheduled": &c.scheduled, "processing": &c.processing, "deferred": &c.deferred, "bounced": &c.bounced, "delivered": &c.delivered,
		"notsent": &c.notSent, "not sent": &c.notSent, "not_sent": &c.notSent, "not-sent": &c.notSent,
	}[strings.ToLower(name)]
}

// maxAsked is how many statuses a call may ask for.
const maxAsked = 50

// ParseStatuses reads which statuses a query asks for, spelled as they are there: status=a&status=b, status[]=a, or a,b.
func ParseStatuses(query url.Values) (asked []string, err error) {
	for _, value := range append(query["status"], query["status[]"]...) {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if new(Count).of(name) == nil || len(asked) == maxAsked {
				return nil, problem.Parameter("status", v1.FaultCodeInvalidValue, "scheduled, processing, deferred, bounced, notSent or delivered")
			}
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return nil, Missing(problem.Parameter("status", v1.FaultCodeMissing, "this parameter is needed"))
	}
	return asked, nil
}

// Answer gives the numbers under the names by which they were asked for.
func (c *Count) Answer(asked []string) map[string]int {
	out := map[string]int{}
	for _, name := range asked {
		out[name] = *c.of(name)
	}
	return out
}

// CountOf counts the deliveries of a message. They are looked at one by one only if some have failed, for their reasons.
// Of a message that was taken back, refused or too late while it waited there are none: all count as not sent.
func CountOf(m index.Summary, all Deliveries) (Count, error) {
	n := m.Counts
	c := Count{scheduled: n.Pending, processing: n.Queued + n.Sent, deferred: n.Errored, delivered: n.Delivered}
	if n.Failed == 0 {
		return c, nil
	}
	for from := 0; from >= 0; {
		page, next, err := all.Deliveries(m.UMID, from, index.MaxList)
		if err != nil {
			return c, err
		}
		for _, d := range page {
			if d.Status == rooms.Failed {
				*c.failed(d.Reason)++
			}
		}
		from = next
	}
	c.notSent += max(n.Failed-c.bounced-c.notSent, 0) // of a message that never went, no delivery was made
	return c, nil
}

// failed says how a delivery counts that has failed. That an address does not exist is told by a bounce, or by the relay at
// once, which spares one.
func (c *Count) failed(why rooms.Reason) *int {
	if why == rooms.Bounced || why == rooms.NoMailbox {
		return &c.bounced
	}
	return &c.notSent
}
