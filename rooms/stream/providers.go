package stream

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of providers is made of (NATS ADR-8): a key for each provider of which something was said, and one for
// each node, which renews it as a sign of life.
const (
	streamProviders = "KV_" + bucketProviders
	providerPrefix  = "$KV." + bucketProviders + ".use."
	nodePrefix      = "$KV." + bucketProviders + ".node."
)

// PutProvider stores how a provider is used. ErrRevision if u.Entry is not the latest, 0 for none.
func (l *Log) PutProvider(ctx context.Context, u rooms.ProviderUse) (entry uint64, err error) {
	data, err := json.Marshal(u)
	if err != nil {
		return 0, fmt.Errorf("stream: encode the use of a provider: %w", err)
	}
	m := &nats.Msg{Subject: providerPrefix + string(u.Channel) + "." + u.Name, Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(u.Entry, 10)}}}
	return l.swap(ctx, streamProviders, m, u.Entry)
}

// Providers gives how providers are used, from an entry on, of each the latest. What nobody can read is reported and left
// out.
func (l *Log) Providers(ctx context.Context, from uint64) (all []rooms.ProviderUse, err error) {
	err = l.eachEntry(ctx, streamProviders, providerPrefix, from, func(s stored) {
		one := rooms.ProviderUse{}
		if err := json.Unmarshal(s.data, &one); err != nil {
			l.options.Log.Error("the use of a provider cannot be read", "sequence", s.sequence, "error", err)
			return
		}
		channel, name, _ := strings.Cut(strings.TrimPrefix(s.subject, providerPrefix), ".")
		one.Channel, one.Name, one.Entry = rooms.Channel(channel), name, s.sequence
		all = append(all, one)
	})
	return all, err
}

// PutNode stores a node's report in the place of the one before.
func (l *Log) PutNode(ctx context.Context, r rooms.NodeReport) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("stream: encode the report of a node: %w", err)
	}
	_, err = publish(ctx, l.queue, &nats.Msg{Subject: nodePrefix + base64.RawURLEncoding.EncodeToString([]byte(r.Node)), Data: data})
	return err
}

// Nodes gives the reports of nodes from an entry on, of each the latest. What nobody can read counts as a sign of life.
func (l *Log) Nodes(ctx context.Context, from uint64) (all []rooms.NodeReport, err error) {
	err = l.eachEntry(ctx, streamProviders, nodePrefix, from, func(s stored) {
		one := rooms.NodeReport{}
		if err := json.Unmarshal(s.data, &one); err != nil {
			one = rooms.NodeReport{}
		}
		name, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(s.subject, nodePrefix))
		one.Node, one.Entry = string(name), s.sequence
		all = append(all, one)
	})
	return all, err
}
