package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const roomExample = `  crier room create newborn --title "Mothers of a newborn child" --admin hosp-admin --publisher hosp-7:direct
  crier room list
  crier room show newborn
  crier room update newborn --publisher hosp-7 --publisher hosp-8
  crier room update newborn --policy patient
  crier room update newborn --inbox 4404 --keyword newborn --confirm-replies "Thank you, we have got this."
  crier room update coast --public-alerts --alert-area EX-DISTRICT=district
  crier room delete newborn`

func (t terminal) roomCommand() *cobra.Command {
	c := &cobra.Command{Use: "room", Short: "Create and change rooms", Example: roomExample}
	c.AddCommand(t.roomCreate(), t.roomList(), t.roomShow(), t.roomUpdate(), t.roomDelete())
	return c
}

// roomFlags are what can be set of a room.
type roomFlags struct {
	title      string
	admins     []string
	publishers []string
	readers    []string
	policy     string
	history    bool
	join       string
	inbox      inboxFlags
	alerts     alertFlags
}

func (r *roomFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&r.title, "title", "", "one line for people")
	f.StringSliceVar(&r.admins, "admin", nil, "a client that may do everything in the room; may be repeated")
	f.StringSliceVar(&r.publishers, "publisher", nil,
		"a client that may publish, as CLIENT:direct if it may name recipients; may be repeated")
	f.StringSliceVar(&r.readers, "reader", nil, "a client that may read what is published to all subscribers; may be repeated")
	f.StringVar(&r.policy, "policy", "", "the policy of its messages, of which a revision is published (default: standard)")
	f.StringVar(&r.join, "join", "", "how people come in who are not added: open, approval or closed (default: closed)")
	r.inbox.add(c)
	r.alerts.add(c)
	f.BoolVar(&r.history, "history", false, "keep the content of messages until the log's end of life")
}

// list reads CLIENT or CLIENT:direct.
func (r *roomFlags) list() v1.Publishers {
	var list v1.Publishers
	for _, p := range r.publishers {
		name, direct := strings.CutSuffix(p, ":direct")
		list = append(list, v1.Publisher{Client: name, Direct: direct})
	}
	return list
}

func (t terminal) roomCreate() *cobra.Command {
	var r roomFlags
	c := &cobra.Command{Use: "create ROOM", Short: "Create a room (platform admins)", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	r.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		room, err := gateway.CreateRoom(c.Context(), v1.NewRoom{
			Name: args[0], Title: r.title, Admins: r.admins, Publishers: r.list(), Readers: r.readers, History: r.history,
			Policy: v1.RoomPolicy{Name: r.policy}, Join: v1.Join(r.join), Inbox: r.inbox.Inbox, Alerts: r.alerts.given(),
		})
		if err != nil {
			return err
		}
		return p.room(room.Room)
	}
	return c
}

func (t terminal) roomUpdate() *cobra.Command {
	var r roomFlags
	c := &cobra.Command{
		Use:   "update ROOM",
		Short: "Change a room: what is given replaces what was set, the rest stays",
		Args:  cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	r.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		room, err := update(c.Context(), gateway, args[0], func(change *v1.RoomChange) { r.apply(c, change) })
		if err != nil {
			return err
		}
		return p.room(room.Room)
	}
	return c
}

// apply sets what the command line names.
func (r *roomFlags) apply(c *cobra.Command, change *v1.RoomChange) {
	given := c.Flags().Changed
	if given("title") {
		change.Title = r.title
	}
	if given("admin") {
		change.Admins = r.admins
	}
	if given("publisher") {
		change.Publishers = r.list()
	}
	if given("reader") {
		change.Readers = r.readers
	}
	if given("policy") {
		change.Policy = v1.RoomPolicy{Name: cmp.Or(r.policy, rooms.StandardPolicy)}
	}
	if given("join") {
		change.Join = v1.Join(r.join)
	}
	r.inbox.apply(c, &change.Inbox)
	r.alerts.apply(c, &change.Alerts)
	if given("history") {
		change.History = r.history
	}
}

// update reads a room, changes it, and writes it unless somebody else has meanwhile.
func update(ctx context.Context, gateway *client.Client, name string, fn func(*v1.RoomChange)) (client.Room, error) {
	room, err := gateway.Room(ctx, name)
	if err != nil {
		return client.Room{}, err
	}
	change := v1.RoomChange{
		Title: room.Title, Admins: room.Admins, Publishers: room.Publishers, Readers: room.Readers, History: room.History, Policy: room.Policy, Join: room.Join, Inbox: room.Inbox, Alerts: room.Alerts,
	}
	fn(&change)
	return gateway.UpdateRoom(ctx, name, room.ETag, change)
}

func (t terminal) roomList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the rooms that you may see", Args: cobra.NoArgs}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for room, err := range gateway.Rooms(c.Context()) {
			if err == nil {
				err = p.value(room, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\n", room.Name, room.Title) })
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (t terminal) roomShow() *cobra.Command {
	c := &cobra.Command{Use: "show ROOM", Short: "Show a room", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		room, err := gateway.Room(c.Context(), args[0])
		if err != nil {
			return err
		}
		return p.room(room.Room)
	}
	return c
}

func (t terminal) roomDelete() *cobra.Command {
	return t.act("delete ROOM", "Delete a room (platform admins)", (*client.Client).DeleteRoom)
}

// room shows a room with who may do what in it.
func (p *printer) room(r v1.Room) error {
	return p.value(r, func(w io.Writer) {
		columns(w, func(w io.Writer) {
			fmt.Fprintf(w, "name\t%s\ntitle\t%s\n", r.Name, r.Title)
			if r.Join != "" {
				fmt.Fprintf(w, "join\t%s\n", r.Join)
			}
			fmt.Fprintf(w, "created\t%s\nhistory\t%t\n", moment(r.CreatedAt), r.History)
			fmt.Fprintf(w, "policy\t%s\n", cmp.Or(r.Policy.Name, rooms.StandardPolicy))
			for _, a := range r.Admins {
				fmt.Fprintf(w, "admin\t%s\n", a)
			}
			for _, p := range r.Publishers {
				fmt.Fprintf(w, "publisher\t%s%s\n", p.Client, map[bool]string{true: " (direct)"}[p.Direct])
			}
			for _, c := range r.Readers {
				fmt.Fprintf(w, "reader\t%s\n", c)
			}
			showInbox(w, r.Inbox)
			showAlerts(w, r.Alerts)
		})
	})
}
