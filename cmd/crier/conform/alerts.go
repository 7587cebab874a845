package conform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// capType is the media type of alerts (CAP 1.2, and IANA's registry).
const capType = "application/cap+xml"

// alertsSuite checks that alerts of the Common Alerting Protocol 1.2 are taken as they are. Each is an exercise.
func alertsSuite() suite {
	return suite{
		name: "alerts",
		lacks: func(o Options) string {
			if o.Token.IsZero() || o.Room == "" {
				return "--token and --room"
			}
			return ""
		},
		checks: []check{
			{name: "an alert is taken", run: takesAlert},
			{name: "the same alert is taken once", run: takesAlertOnce},
			{name: "an alert is read byte for byte", run: readsAlert},
			{name: "a feed names the alert", run: readsFeed},
			{name: "an alert is updated, and leaves the feed for the update", run: updatesAlert},
			{name: "an alert is cancelled, and leaves the feed", run: cancelsAlert},
			{name: "an alert without what the standard demands is refused", run: refusesAlert},
			{name: "a document type, and entities, are refused", run: refusesEntities},
			{name: "an alert that is too deep or too big is refused", run: refusesBigAlerts},
		},
	}
}

// notice is an alert of the checks; its info is left out of a Cancel.
func (c *caller) notice(identifier, msgType, references, severity string) string {
	if c.made["sent"] == "" {
		c.made["sent"] = time.Now().UTC().Format("2006-01-02T15:04:05-00:00")
	}
	if references != "" {
		references = "<references>conform.example," + references + "," + c.made["sent"] + "</references>"
	}
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>` + identifier + `</identifier><sender>conform.example</sender><sent>` + c.made["sent"] + `</sent>
  <status>Exercise</status><msgType>` + msgType + `</msgType><scope>Public</scope>` + references + `
  <info><language>en</language><category>Met</category><event>Check of conformance</event><urgency>Future</urgency>
    <severity>` + severity + `</severity><certainty>Unlikely</certainty><headline>There is nothing to do</headline>
    <area><areaDesc>Nowhere</areaDesc></area></info></alert>`
}

func (c *caller) alerts(method, path, body string) request {
	r := request{method: method, path: "/v1/rooms/" + c.options.Room + "/alerts" + path, body: body,
		header: map[string]string{"Authorization": "Bearer " + c.options.Token.Reveal()}}
	if body != "" {
		r.header["Content-Type"] = capType
	}
	return r
}

// posts publishes an alert, and remembers its message under its identifier.
func (c *caller) posts(ctx context.Context, identifier, text string, statuses ...int) error {
	a, err := c.expect(ctx, c.alerts(http.MethodPost, "", text), statuses...)
	if err != nil {
		return err
	}
	umid, err := a.text("umid")
	if before := c.made[identifier]; before != "" && before != umid {
		return errors.New("the second time it is another message")
	}
	c.made[identifier] = umid
	return err
}

// alert is the identifier of the first one.
func (c *caller) alert() string {
	if c.made["alert"] == "" {
		c.made["alert"] = fmt.Sprintf("conform-%d", time.Now().UnixNano())
	}
	return c.made["alert"]
}

func takesAlert(ctx context.Context, c *caller) error {
	return c.posts(ctx, c.alert(), c.notice(c.alert(), "Alert", "", "Minor"), http.StatusAccepted, http.StatusCreated, http.StatusOK)
}

func takesAlertOnce(ctx context.Context, c *caller) error {
	return c.posts(ctx, c.alert(), c.notice(c.alert(), "Alert", "", "Minor"), http.StatusOK)
}

func readsAlert(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.alerts(http.MethodGet, "/"+c.made[c.alert()], ""), http.StatusOK)
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(a.header.Get("Content-Type"), capType):
		return fmt.Errorf("content type %q, want %s", a.header.Get("Content-Type"), capType)
	case !bytes.Equal(a.body, []byte(c.notice(c.alert(), "Alert", "", "Minor"))):
		return errors.New("other bytes than were published")
	}
	return nil
}

// feed reads the room's feed.
func (c *caller) feed(ctx context.Context) ([]byte, error) {
	a, err := c.expect(ctx, c.alerts(http.MethodGet, "", ""), http.StatusOK)
	if t := a.header.Get("Content-Type"); err == nil && !strings.HasPrefix(t, "application/atom+xml") {
		err = fmt.Errorf("content type %q, want application/atom+xml", t)
	}
	return a.body, err
}

// shows wants the feed to name one alert, and another no more, before long; either may be empty.
func (c *caller) shows(ctx context.Context, one, gone string) error {
	return c.before(ctx, func() (bool, error) {
		body, err := c.feed(ctx)
		switch {
		case err != nil:
			return true, err
		case one != "" && !bytes.Contains(body, []byte(c.made[one])):
			return false, errors.New("the alert is not in the feed")
		case gone != "" && bytes.Contains(body, []byte(c.made[gone])):
			return false, errors.New("the alert that is over is still in the feed")
		}
		return true, nil
	})
}

func readsFeed(ctx context.Context, c *caller) error { return c.shows(ctx, c.alert(), "") }

func updatesAlert(ctx context.Context, c *caller) error {
	update := c.alert() + "-u"
	if err := c.posts(ctx, update, c.notice(update, "Update", c.alert(), "Moderate"), http.StatusAccepted, http.StatusCreated, http.StatusOK); err != nil {
		return err
	}
	return c.shows(ctx, update, c.alert())
}

func cancelsAlert(ctx context.Context, c *caller) error {
	update := c.alert() + "-u"
	if err := c.posts(ctx, update+"c", c.notice(update+"c", "Cancel", update, "Minor"), http.StatusAccepted, http.StatusCreated, http.StatusOK); err != nil {
		return err
	}
	return c.shows(ctx, "", update)
}

func refusesAlert(ctx context.Context, c *caller) error {
	good := c.notice(c.alert()+"-x", "Alert", "", "Minor")
	for _, part := range []string{"<status>Exercise</status>", "<scope>Public</scope>", "<severity>Minor</severity>", "<event>Check of conformance</event>"} {
		if err := c.refused(ctx, c.alerts(http.MethodPost, "", strings.Replace(good, part, "", 1)), "without "+part); err != nil {
			return err
		}
	}
	for what, text := range map[string]string{
		"an unknown severity": c.notice(c.alert()+"-x", "Alert", "", "Terrible"), "half a document": good[:len(good)/2], "no XML": "{}",
	} {
		if err := c.refused(ctx, c.alerts(http.MethodPost, "", text), what); err != nil {
			return err
		}
	}
	unknown := c.notice(c.alert()+"-x", "Update", "nobody-knows-this", "Minor")
	return c.answered(ctx, c.alerts(http.MethodPost, "", unknown), "an update of what nobody knows", http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

func refusesEntities(ctx context.Context, c *caller) error {
	good := c.notice(c.alert()+"-x", "Alert", "", "Minor")
	for what, text := range map[string]string{
		"a document type":    strings.Replace(good, "<alert", "<!DOCTYPE alert><alert", 1),
		"an external entity": strings.Replace(good, "<alert", `<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/hostname">]><alert`, 1),
		"an entity":          strings.Replace(good, "Nowhere", "&nowhere;", 1),
	} {
		if err := c.refused(ctx, c.alerts(http.MethodPost, "", text), what); err != nil {
			return err
		}
	}
	return nil
}

func refusesBigAlerts(ctx context.Context, c *caller) error {
	const deep, wide = 10_000, 9 << 20
	good := c.notice(c.alert()+"-x", "Alert", "", "Minor")
	deeply := strings.Replace(good, "<info>", strings.Repeat("<parameter>", deep)+strings.Repeat("</parameter>", deep)+"<info>", 1)
	widely := strings.Replace(good, "Nowhere", strings.Repeat("Nowhere ", wide/8), 1)
	return cmp.Or(
		c.refused(ctx, c.alerts(http.MethodPost, "", deeply), "10,000 levels"),
		c.refused(ctx, c.alerts(http.MethodPost, "", widely), "9 MiB"),
	)
}
