package rooms

import (
	"fmt"
	"slices"
)

// Lane is one of three queues that never wait for each other.
type Lane string

// Emergency overtakes everything queued; Normal is the default; Bulk is for newsletters.
const (
	Emergency Lane = "emergency"
	Normal    Lane = "normal"
	Bulk      Lane = "bulk"
)

// Lanes lists every lane, the most urgent first.
func Lanes() []Lane { return []Lane{Emergency, Normal, Bulk} }

// ParseLane accepts the name of a lane; the empty string is Normal.
func ParseLane(s string) (Lane, error) {
	switch l := Lane(s); l {
	case "":
		return Normal, nil
	case Emergency, Normal, Bulk:
		return l, nil
	}
	return "", fmt.Errorf("%w: a lane is one of %v", ErrName, Lanes())
}

// Channel is a way to reach a person, or an application.
type Channel string

// The channels that exist.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	// Webhook is a POST to an application that asked for it.
	Webhook Channel = "webhook"
	// WebPush is a notification in a browser or an app (RFC 8030).
	WebPush  Channel = "webpush"
	Matrix   Channel = "matrix"
	Telegram Channel = "telegram"
	WhatsApp Channel = "whatsapp"
)

// Channels lists every channel; the position of each is fixed, since indexes store it.
func Channels() []Channel {
	return []Channel{Email, SMS, Webhook, WebPush, Matrix, Telegram, WhatsApp}
}

// Personal lists the channels that reach people, in the order in which they are taken where a person has named none.
func Personal() []Channel { return []Channel{Email, SMS, WhatsApp, Telegram, Matrix, WebPush} }

// ParseChannel accepts the name of a channel.
func ParseChannel(s string) (Channel, error) {
	if c := Channel(s); slices.Contains(Channels(), c) {
		return c, nil
	}
	return "", fmt.Errorf("%w: a channel is one of %v", ErrName, Channels())
}
