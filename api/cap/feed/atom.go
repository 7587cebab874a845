package feed

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/rooms"
)

// Types of what a feed is, and of what it leads to.
const (
	AtomType = "application/atom+xml"
	CAPType  = "application/cap+xml"
)

type atomFeed struct {
	XMLName xml.Name   `xml:"feed"`
	Atom    string     `xml:"xmlns,attr"`
	CAP     string     `xml:"xmlns:cap,attr"`
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Author  atomAuthor `xml:"author"`
	Links   []atomLink `xml:"link"`
	Entries []atomEntry
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomCategory struct {
	Scheme string `xml:"scheme,attr"`
	Term   string `xml:"term,attr"`
}

type atomEntry struct {
	XMLName    xml.Name       `xml:"entry"`
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Updated    string         `xml:"updated"`
	Published  string         `xml:"published"`
	Author     atomAuthor     `xml:"author"`
	Summary    string         `xml:"summary,omitempty"`
	Categories []atomCategory `xml:"category"`
	Link       atomLink       `xml:"link"`
	Identifier string         `xml:"cap:identifier"`
	Sender     string         `xml:"cap:sender"`
	Sent       string         `xml:"cap:sent"`
	Status     string         `xml:"cap:status"`
	MsgType    string         `xml:"cap:msgType"`
	Scope      string         `xml:"cap:scope"`
	Event      string         `xml:"cap:event,omitempty"`
	Urgency    string         `xml:"cap:urgency,omitempty"`
	Severity   string         `xml:"cap:severity,omitempty"`
	Certainty  string         `xml:"cap:certainty,omitempty"`
	Effective  string         `xml:"cap:effective,omitempty"`
	Onset      string         `xml:"cap:onset,omitempty"`
	Expires    string         `xml:"cap:expires,omitempty"`
	AreaDesc   string         `xml:"cap:areaDesc,omitempty"`
}

// atom writes a feed.
func (l Look) atom(room rooms.RoomConfig, entries []Entry, changed time.Time) ([]byte, error) {
	at := l.Base + "/v1/rooms/" + string(room.Name) + "/alerts"
	name := cmp.Or(room.Title, string(room.Name))
	out := atomFeed{
		Atom: "http://www.w3.org/2005/Atom", CAP: cap.Namespace, ID: "urn:crier:room:" + string(room.Name) + ":alerts",
		Title: name, Updated: stamp(changed), Author: atomAuthor{name}, Links: []atomLink{{"self", AtomType, at}},
	}
	for _, e := range entries {
		out.Entries = append(out.Entries, e.atom(at, l.Drill))
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func (e Entry) atom(at, drill string) atomEntry {
	out := atomEntry{
		ID: "urn:crier:alert:" + string(e.UMID), Title: e.Title, Updated: stamp(e.At), Published: stamp(e.Sent),
		Author: atomAuthor{e.Author}, Summary: e.Summary, Link: atomLink{"alternate", CAPType, at + "/" + string(e.UMID)},
		Identifier: e.Identifier, Sender: e.Sender, Sent: capStamp(e.Sent), Status: e.Status, MsgType: e.MsgType, Scope: e.Scope,
		Event: e.Event, Urgency: e.Urgency, Severity: e.Severity, Certainty: e.Certainty,
		Effective: capStamp(e.Effective), Onset: capStamp(e.Onset), Expires: capStamp(e.AlertExpires), AreaDesc: e.Areas,
	}
	if e.Status == "Exercise" {
		out.Title = drill + ": " + e.Title
	}
	for _, c := range e.Categories {
		out.Categories = append(out.Categories, atomCategory{cap.Namespace + ":category", c})
	}
	return out
}

// stamp is a time as Atom has it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// capStamp is a time as CAP has it, whose UTC is -00:00.
func capStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05") + "-00:00"
}
