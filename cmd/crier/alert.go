package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const alertLong = `Publish alerts of the Common Alerting Protocol 1.2 (OASIS), and read which are in force.

An alert is published as it is: a file of XML, which is kept byte for byte, and read so by applications. What it says becomes
a message: its severity, urgency and certainty choose the lane, each language is a variant, the geocodes of its areas say
for which subscribers it is, if the room has rules for them (crier room update ROOM --alert-area CODES=ATTRIBUTE), and it
expires when it says. A status of Exercise makes it a drill; a Test is refused. An Update or a Cancel ends the alert in its
references. Sender, identifier and sent name an alert, so the same file is accepted once, however often it is sent.`

const alertExample = `  crier alert publish thunderstorm.xml --room coast
  crier alert publish - --room coast < thunderstorm.xml
  crier alert list --room coast
  crier alert show 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --room coast
  crier room update coast --public-alerts --alert-area EX-DISTRICT=district`

func (t terminal) alertCommand() *cobra.Command {
	c := &cobra.Command{Use: "alert", Short: "Publish alerts of the Common Alerting Protocol, and see which are in force", Long: alertLong, Example: alertExample}
	c.AddCommand(t.alertPublish(), t.alertList(), t.alertShow())
	return c
}

// ofRoom is a command about alerts of a room, which a flag names.
func (t terminal) ofRoom(use, short string, args int, run func(*cobra.Command, *client.Client, *printer, string, []string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
	n, p := t.connect(c), t.printer(c)
	room := c.Flags().String("room", "", "the room")
	_ = c.MarkFlagRequired("room") // it is there
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return run(c, gateway, p, *room, args)
	}
	return c
}

func (t terminal) alertPublish() *cobra.Command {
	return t.ofRoom("publish FILE.xml", `Publish an alert; "-" reads standard input`, 1, func(c *cobra.Command, g *client.Client, p *printer, room string, args []string) error {
		alert, err := t.read(args[0])
		if err != nil {
			return err
		}
		r, err := g.PublishAlert(c.Context(), room, alert)
		if undecided(err) {
			fmt.Fprintln(t.err, "whether it was accepted is not known: publish the same file again")
		}
		if err != nil {
			return err
		}
		if r.Duplicate && !p.json {
			fmt.Fprintln(t.err, "accepted before; nothing new is sent")
		}
		return p.value(r, func(w io.Writer) { fmt.Fprintln(w, r.UMID) })
	})
}

func (t terminal) alertList() *cobra.Command {
	return t.ofRoom("list", "List the alerts that are in force, the newest first", 0, func(c *cobra.Command, g *client.Client, p *printer, room string, _ []string) error {
		all, err := g.Alerts(c.Context(), room)
		if err != nil {
			return err
		}
		if !p.json {
			columns(p.w, func(w io.Writer) {
				for _, a := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.UMID, a.MsgType, cmp.Or(a.Severity, "-"), cmp.Or(a.Expires, "-"), a.Title)
				}
			})
			return nil
		}
		for _, a := range all {
			if err := p.value(a, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t terminal) alertShow() *cobra.Command {
	return t.ofRoom("show UMID", "Show an alert as it was published", 1, func(c *cobra.Command, g *client.Client, p *printer, room string, args []string) error {
		alert, err := g.Alert(c.Context(), room, args[0])
		if err != nil {
			return err
		}
		if !p.json {
			_, err = p.w.Write(alert)
			return err
		}
		return p.value(map[string]string{"umid": args[0], "cap": string(alert)}, nil)
	})
}

// alertFlags are what can be set of a room's alerts.
type alertFlags struct {
	public bool
	areas  []string // CODES=ATTRIBUTE
}

func (a *alertFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&a.public, "public-alerts", false, "everybody may read the room's public alerts, without a token")
	f.StringArrayVar(&a.areas, "alert-area", nil, "whom an alert concerns, as CODES=ATTRIBUTE: the valueName of its geocodes, or areaDesc, and the attribute of subscribers that has such a code; may be repeated")
}

// given are those of the command line.
func (a *alertFlags) given() v1.RoomAlerts {
	out := v1.RoomAlerts{Public: a.public}
	for _, rule := range a.areas {
		at := max(strings.LastIndexByte(rule, '='), 0)
		out.Areas = append(out.Areas, v1.AreaRule{Geocode: rule[:at], Attribute: strings.TrimPrefix(rule[at:], "=")})
	}
	return out
}

func (a *alertFlags) apply(c *cobra.Command, to *v1.RoomAlerts) {
	if c.Flags().Changed("public-alerts") {
		to.Public = a.public
	}
	if c.Flags().Changed("alert-area") {
		to.Areas = a.given().Areas
	}
}

// showAlerts shows what a room does with alerts.
func showAlerts(w io.Writer, a v1.RoomAlerts) {
	if a.Public {
		fmt.Fprintf(w, "alerts\tpublic\n")
	}
	for _, r := range a.Areas {
		fmt.Fprintf(w, "alert area\t%s=%s\n", r.Geocode, r.Attribute)
	}
}
