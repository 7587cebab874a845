package client

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

const (
	contentCAP  = "application/cap+xml"
	contentAtom = "application/atom+xml"
)

// Alert is an alert of a room's feed.
type Alert struct {
	UMID      string    `json:"umid"`
	Title     string    `json:"title"`
	Updated   time.Time `json:"updated"`
	Sender    string    `json:"sender"`
	Sent      string    `json:"sent"`
	Status    string    `json:"status"`
	MsgType   string    `json:"msgType"`
	Severity  string    `json:"severity,omitzero"`
	Urgency   string    `json:"urgency,omitzero"`
	Certainty string    `json:"certainty,omitzero"`
	Expires   string    `json:"expires,omitzero"`
	AreaDesc  string    `json:"areaDesc,omitzero"`
}

// PublishAlert publishes an alert of the Common Alerting Protocol, byte for byte. It is repeated like a message: what names the
// alert makes sure that it is accepted once.
func (c *Client) PublishAlert(ctx context.Context, room string, alert []byte) (receipt v1.AlertReceipt, err error) {
	r := request{method: http.MethodPost, path: path("v1", "rooms", room, "alerts"), body: alert, kind: contentCAP, accept: contentJSON, repeatable: true}
	return receipt, c.insist(ctx, r, &receipt)
}

// Alerts reads which alerts of a room are in force, the newest first.
func (c *Client) Alerts(ctx context.Context, room string) ([]Alert, error) {
	body, err := c.read(ctx, path("v1", "rooms", room, "alerts"), contentAtom)
	if err != nil {
		return nil, err
	}
	var feed struct {
		Entries []struct {
			ID        string    `xml:"id"`
			Title     string    `xml:"title"`
			Updated   time.Time `xml:"updated"`
			Sender    string    `xml:"sender"`
			Sent      string    `xml:"sent"`
			Status    string    `xml:"status"`
			MsgType   string    `xml:"msgType"`
			Severity  string    `xml:"severity"`
			Urgency   string    `xml:"urgency"`
			Certainty string    `xml:"certainty"`
			Expires   string    `xml:"expires"`
			AreaDesc  string    `xml:"areaDesc"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(body, &feed); err != nil {
		return nil, fmt.Errorf("the answer is not what the API describes: %w", err)
	}
	var all []Alert
	for _, e := range feed.Entries {
		umid := e.ID[strings.LastIndexByte(e.ID, ':')+1:]
		all = append(all, Alert{umid, e.Title, e.Updated, e.Sender, e.Sent, e.Status, e.MsgType, e.Severity, e.Urgency, e.Certainty, e.Expires, e.AreaDesc})
	}
	return all, nil
}

// Alert reads an alert as it was published.
func (c *Client) Alert(ctx context.Context, room, umid string) ([]byte, error) {
	return c.read(ctx, path("v1", "rooms", room, "alerts", umid), contentCAP)
}

// read gets what is not JSON.
func (c *Client) read(ctx context.Context, at, kind string) (body []byte, err error) {
	r := get(at)
	r.accept = kind
	e := c.errand(r, func(answer *http.Response) (err error) {
		if body, err = io.ReadAll(answer.Body); err != nil {
			return &ConnectionError{cause: err}
		}
		return nil
	})
	return body, e.pass(ctx)
}
