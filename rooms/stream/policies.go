package stream

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of policies is made of (NATS ADR-8): one key for each revision, NAME.REVISION.
const (
	streamPolicies = "KV_" + bucketPolicies
	policyPrefix   = "$KV." + bucketPolicies + "."
)

// policyEntry is a revision as it is stored; durations are in nanoseconds.
type policyEntry struct {
	Name       string            `json:"name"`
	Revision   int               `json:"revision"`
	Retry      []int64           `json:"retry"`
	Jitter     float64           `json:"jitter"`
	Expiry     int64             `json:"expiry"`
	Duplicates string            `json:"duplicates"`
	Unknown    string            `json:"unknown,omitzero"`
	State      rooms.PolicyState `json:"state"`
	Author     rooms.Client      `json:"author"`
	Writers    []rooms.Client    `json:"writers,omitzero"`
	Approver   rooms.Client      `json:"approver,omitzero"`
	ChangedAt  time.Time         `json:"changedAt"`
	Rules      rulesEntry        `json:"rules,omitzero"`
}

// PutPolicy stores a revision of a policy, with p.Sealed in the place of Check.URL. ErrRevision if p.Entry is not the latest of this revision, 0 for none.
func (l *Log) PutPolicy(ctx context.Context, p rooms.PolicyRevision) (entry uint64, err error) {
	data, err := encodePolicy(p)
	if err != nil {
		return 0, err
	}
	m := &nats.Msg{Subject: policyPrefix + p.Name + "." + strconv.Itoa(p.Revision.Revision), Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(p.Entry, 10)}}}
	return l.swap(ctx, streamPolicies, m, p.Entry)
}

// Policies gives the revisions that were stored or changed from an entry on, each as it is now. What nobody can
// read is reported and left out.
func (l *Log) Policies(ctx context.Context, from uint64) (all []rooms.PolicyRevision, err error) {
	err = l.eachEntry(ctx, streamPolicies, policyPrefix, from, func(s stored) {
		p, err := decodePolicy(s)
		if err != nil {
			l.options.Log.Error("a policy cannot be read", "sequence", s.sequence, "error", err)
			return
		}
		all = append(all, p)
	})
	return all, err
}

func encodePolicy(p rooms.PolicyRevision) ([]byte, error) {
	e := policyEntry{
		Name: p.Name, Revision: p.Revision.Revision, Jitter: p.Jitter, Expiry: int64(p.Expiry), Duplicates: p.Duplicates, Unknown: p.Unknown,
		State: p.State, Author: p.Author, Writers: p.Writers, Approver: p.Approver, ChangedAt: p.ChangedAt,
		Rules: entryOf(p.PolicyRules, p.Sealed),
	}
	for _, wait := range p.Retry {
		e.Retry = append(e.Retry, int64(wait))
	}
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("stream: encode a policy: %w", err)
	}
	return data, nil
}

func decodePolicy(s stored) (p rooms.PolicyRevision, err error) {
	var e policyEntry
	if err := json.Unmarshal(s.data, &e); err != nil {
		return p, fmt.Errorf("stream: decode a policy: %w", err)
	}
	p = rooms.PolicyRevision{
		Policy: rooms.Policy{
			Revision: rooms.Revision{Name: e.Name, Revision: e.Revision},
			Jitter:   e.Jitter, Expiry: time.Duration(e.Expiry), Duplicates: e.Duplicates, Unknown: e.Unknown,
			PolicyRules: e.Rules.rules(),
		},
		Sealed: e.Rules.Check, State: e.State, Author: e.Author, Writers: e.Writers, Approver: e.Approver, ChangedAt: e.ChangedAt, Entry: s.sequence,
	}
	for _, wait := range e.Retry {
		p.Retry = append(p.Retry, time.Duration(wait))
	}
	return p, nil
}
