package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/watch"
)

// condition names what something is about by its parts.
func condition(title, advice string, key ...string) watch.Condition {
	return watch.Condition{Key: strings.Join(key, "."), Title: title, Advice: advice}
}

func (s sight) node() string { return s.app.config.Broker.Node }

// one is a list of one condition, or of none.
func one(holds bool, c watch.Condition) []watch.Condition {
	if !holds {
		return nil
	}
	return []watch.Condition{c}
}

// unanswered is how many calls in a row without answer, and none since with one, are no chance: where little is sent there are
// no more for a long time.
const unanswered = 2

// deadProviders are those that do not answer this node.
func (s sight) deadProviders(context.Context) (all []watch.Condition, err error) {
	for _, p := range s.app.bridge.Providers() {
		all = append(all, one(p.Open || p.Unanswered >= unanswered, condition(
			fmt.Sprintf("Node %s gets no answer from the provider %s of %s.", s.node(), p.Name, p.Channel),
			fmt.Sprintf("Deliveries go to other providers of %s, or wait if there are none. See crier provider show %s/%s; try it with\n"+
				"crier provider test %s/%s CONTACT.", p.Channel, p.Channel, p.Name, p.Channel, p.Name),
			config.OfProvider, s.node(), string(p.Channel), p.Name))...)
	}
	return all, nil
}

// failingProviders are those where too many of a minute's attempts fail.
func (s sight) failingProviders(context.Context) (all []watch.Condition, err error) {
	for _, p := range s.app.bridge.Providers() {
		failed, calls := failures(p.Counts)
		many := calls >= max(s.options.FailedLeast, 1) && failed*100 >= calls*s.options.FailedShare
		all = append(all, one(many, condition(
			fmt.Sprintf("Many deliveries of node %s by the provider %s of %s fail.", s.node(), p.Name, p.Channel),
			fmt.Sprintf("In the last minute %d of %d attempts were deferred or rejected. See crier provider show %s/%s, and for a room\n"+
				"crier failed list ROOM. To have nothing more go there: crier provider drain %s/%s.", failed, calls, p.Channel, p.Name, p.Channel, p.Name),
			config.OfFailed, s.node(), string(p.Channel), p.Name))...)
	}
	return all, nil
}

func failures(counts map[channels.Result]int) (failed, calls int) {
	failed = counts[channels.Deferred] + counts[channels.Rejected]
	return failed, failed + counts[channels.Sent]
}

// drainedProviders are those that a person has drained, and perhaps forgotten.
func (s sight) drainedProviders(context.Context) (all []watch.Condition, err error) {
	for _, p := range s.app.bridge.Providers() {
		all = append(all, one(p.State == rooms.ProviderDrained, condition(
			fmt.Sprintf("The provider %s of %s is drained.", p.Name, p.Channel),
			fmt.Sprintf("Nothing new goes there, since a person wants it so. To end that: crier provider resume %s/%s.", p.Channel, p.Name),
			config.OfDrained, string(p.Channel), p.Name))...)
	}
	return all, nil
}

// disk says that the store has little room left.
func (s sight) disk(context.Context) ([]watch.Condition, error) {
	free, err := s.store.broker.Free()
	return one(err == nil && free < uint64(max(s.options.DiskFree, 0)), condition(
		fmt.Sprintf("The disk of node %s is nearly full.", s.node()),
		fmt.Sprintf("%d MiB are left; below 64 MiB the node stops. Give it room at %s.", free>>20, s.app.config.Broker.Store),
		config.OfDisk, s.node())), err
}

// queues are those of the lanes that are nearly full.
func (s sight) queues(ctx context.Context) (all []watch.Condition, err error) {
	for _, lane := range rooms.Lanes() {
		bytes, limit, err := s.store.log.QueueFilled(ctx, lane)
		if err != nil {
			return nil, err
		}
		all = append(all, one(bytes*100 >= limit*int64(s.options.Filled), condition(
			fmt.Sprintf("The queue of the lane %s is nearly full.", lane),
			fmt.Sprintf("It holds %d of %d MiB; when it is full, new messages wait. See crier provider list for what does not keep up.", bytes>>20, limit>>20),
			config.OfQueue, string(lane)))...)
	}
	return all, nil
}

// parked says that too many deliveries wait for another attempt.
func (s sight) parked(ctx context.Context) ([]watch.Condition, error) {
	count, limit, err := s.store.log.ParkedFilled(ctx)
	return one(err == nil && count*100 >= limit*uint64(s.options.Filled), condition(
		"Nearly as many deliveries wait for another attempt as may.",
		fmt.Sprintf("They are %d of %d (log.maxParked). See crier provider list for what they wait for.", count, limit),
		config.OfParked)), err
}

// mostNamed is how many messages are named.
const mostNamed = 5

// held says that crier holds messages, until a person decides.
func (s sight) held(context.Context) ([]watch.Condition, error) {
	var all []string
	for _, c := range s.know.controls.All() {
		if c.State == rooms.ControlHeld {
			all = append(all, string(c.UMID))
		}
	}
	named := strings.Join(all[:min(len(all), mostNamed)], ", ")
	return one(len(all) > 0 && len(all) >= s.options.Held, condition(
		"Messages are held, since too many of their deliveries failed.",
		fmt.Sprintf("They are %d, such as %s, and wait for a person. See crier explain UMID, then crier message resume UMID\nor crier message cancel UMID.", len(all), named),
		config.OfHeld)), nil
}

// unmatched says that answers lie there that belong to no message.
func (s sight) unmatched(ctx context.Context) ([]watch.Condition, error) {
	count, least := 0, max(s.options.Unmatched, 1)
	_, err := s.store.log.ScanReplies(ctx, "", 0, least, func(rooms.Reply) error { count++; return nil })
	return one(err == nil && count >= least, condition(
		"What people have written waits: nobody knows to which room it belongs.",
		"Give it to a room, or drop it: see crier unmatched list.",
		config.OfUnmatched)), err
}

// nodes are those of the cluster that are missing.
func (s sight) nodes(ctx context.Context) ([]watch.Condition, error) {
	st, err := s.store.broker.Status(ctx)
	return missingNodes(st), err
}

func missingNodes(st broker.Status) (all []watch.Condition) {
	next := "The loss of one more node would stop all writes."
	if st.Survives {
		next = "The loss of one more node would be survived."
	}
	for _, n := range st.Nodes {
		all = append(all, one(n.Member && !n.Present, condition(
			fmt.Sprintf("The node %s is missing from the cluster.", n.Name),
			next+" See crier cluster status; start the node again, or if it is lost for good, crier cluster remove NODE.",
			config.OfNode, n.Name))...)
	}
	return all
}

// certificate says that the one that the API shows ends soon.
func (s sight) certificate(context.Context) ([]watch.Condition, error) {
	file := s.app.config.API.TLS.CertFile
	if file == "" {
		return nil, nil
	}
	until, err := endOf(file)
	return one(err == nil && until.Sub(s.store.broker.Now()) < s.options.Certificate, condition(
		fmt.Sprintf("The certificate of node %s for its API ends soon.", s.node()),
		fmt.Sprintf("It is good until %s. Put a new one into %s; it is read without a restart.", until.UTC().Format(time.DateOnly), file),
		config.OfCertificate, s.node())), err
}

// issuer says that no token can be verified, as the identity provider has not been found since the start.
func (s sight) issuer(ctx context.Context) ([]watch.Condition, error) {
	verifier := s.app.verifier.Load()
	if verifier == nil {
		return nil, nil
	}
	err := verifier.Ready(ctx)
	return one(err != nil, condition(
		fmt.Sprintf("Node %s cannot read the identity provider.", s.node()),
		fmt.Sprintf("Calls are refused with 503 until it can. See that oidc.issuer, %s, is right, and that the node reaches it: %v.", s.app.config.OIDC.Issuer, err),
		config.OfIssuer, s.node())), nil
}

// endOf is until when a certificate is good.
func endOf(file string) (time.Time, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return time.Time{}, errors.New("no certificate in PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, err
	}
	return c.NotAfter, nil
}
