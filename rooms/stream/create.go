package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// createPause is the longest time between attempts. Of several nodes that create the same stream
// at the same moment only one is given an answer, so they had better not keep step.
const createPause = 250 * time.Millisecond

// Codes that a node may see while another creates the same.
const (
	codeStreamNotFound = 10059
	codeStreamExists   = 10058
	codeConsumerExists = 10148
)

// creator makes every stream, bucket and consumer that is not there yet, and has those that are
// there follow the options. A stream that the manifest names is never made anew: the broker has
// refused to start without it. Several nodes may do so at the same time.
type creator struct {
	js       jetstream.JetStream
	options  Options
	manifest Manifest
}

func create(ctx context.Context, js jetstream.JetStream, o Options, m Manifest) error {
	c := creator{js, o, m}
	for _, s := range o.streams() {
		if err := c.stream(ctx, s); err != nil {
			return err
		}
	}
	for _, kv := range o.buckets() {
		if err := c.bucket(ctx, kv); err != nil {
			return err
		}
	}
	for _, d := range consumers() {
		if err := c.consumer(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (c creator) stream(ctx context.Context, s jetstream.StreamConfig) error {
	err := c.patiently(ctx, s.Name, func(ctx context.Context) error {
		_, err := c.js.CreateOrUpdateStream(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	return c.manifest.Add(s.Name)
}

func (c creator) bucket(ctx context.Context, kv jetstream.KeyValueConfig) error {
	err := c.patiently(ctx, "bucket "+kv.Bucket, func(ctx context.Context) error {
		_, err := c.js.CreateOrUpdateKeyValue(ctx, kv)
		return err
	})
	if err != nil {
		return err
	}
	return c.manifest.Add("KV_" + kv.Bucket)
}

// consumer makes a durable consumer, which stands on as many servers as its stream.
func (c creator) consumer(ctx context.Context, d consumer) error {
	return c.patiently(ctx, "consumer "+d.name+" of "+d.stream, func(ctx context.Context) error {
		_, err := c.js.CreateOrUpdateConsumer(ctx, d.stream, jetstream.ConsumerConfig{
			Durable: d.name, FilterSubjects: d.filters, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: c.options.AckWait, MaxDeliver: -1, MaxAckPending: -1,
		})
		return err
	})
}

// patiently repeats a step while other nodes are missing that it needs, or one of them does the
// same, until ctx ends.
func (c creator) patiently(ctx context.Context, what string, step func(context.Context) error) error {
	said := time.Now()
	for {
		err := c.options.patience().once(ctx, step)
		switch {
		case err == nil:
			return nil
		case !c.options.replicated() || !passing(err), ctx.Err() != nil:
			return fmt.Errorf("stream: create %s: %w", what, err)
		}
		if time.Since(said) > complainEvery {
			said = time.Now()
			c.options.Log.Warn("the log waits for other nodes", "what", what, "error", err)
		}
		pause(ctx, rand.N(createPause))
	}
}

func passing(err error) bool {
	return errors.Is(err, ErrUnavailable) || hasCode(err, codeStreamNotFound) || hasCode(err, codeStreamExists) || hasCode(err, codeConsumerExists)
}
