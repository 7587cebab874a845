package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	v1 "github.com/govcrier/crier/api/v1"
)

// Policy is a revision of a policy, with the ETag under which it was read.
type Policy struct {
	v1.PolicyRevision
	// ETag goes into what changes the revision, so that no change of somebody else is lost or approved unseen.
	ETag string
}

// The steps of a revision, in their order.
const (
	SubmitPolicy  = "submit"
	ApprovePolicy = "approve"
	PublishPolicy = "publish"
	RetirePolicy  = "retire"
)

// Rules are those of a v1.PolicyRules, by their names in JSON. What is not there stays as it is; an empty value takes a
// rule away.
type Rules map[string]any

// Policies lists the revisions of all policies, or of one, that the caller may read.
func (c *Client) Policies(ctx context.Context, name string) iter.Seq2[v1.PolicyRevision, error] {
	at := path("v1", "policies")
	if name != "" {
		at += path(name)
	}
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.PolicyRevision], error) {
		var l v1.PolicyList
		_, err := c.call(ctx, list(at, cursor), &l)
		return page[v1.PolicyRevision]{l.Policies, l.Next}, err
	})
}

// Policy reads a revision of a policy.
func (c *Client) Policy(ctx context.Context, name string, revision int) (Policy, error) {
	return c.policy(ctx, get(policyPath(name, revision)))
}

// DiffPolicy says in what two revisions differ.
func (c *Client) DiffPolicy(ctx context.Context, name string, from, to int) ([]v1.PolicyChange, error) {
	query := url.Values{"from": {strconv.Itoa(from)}, "to": {strconv.Itoa(to)}}
	var d v1.PolicyDiff
	_, err := c.call(ctx, get(path("v1", "policies", name, "diff")+"?"+query.Encode()), &d)
	return d.Changes, err
}

// DraftPolicy begins a policy; the problem policy_exists says that there is one of that name.
func (c *Client) DraftPolicy(ctx context.Context, name string, rules Rules) (Policy, error) {
	named := maps.Clone(rules)
	if named == nil {
		named = Rules{}
	}
	named["name"] = name
	r, err := request{method: http.MethodPost, path: path("v1", "policies")}.withBody(named)
	if err != nil {
		return Policy{}, err
	}
	return c.policy(ctx, r)
}

// NextPolicy drafts a further revision out of the latest one.
func (c *Client) NextPolicy(ctx context.Context, name string, rules Rules) (Policy, error) {
	r, err := request{method: http.MethodPost, path: path("v1", "policies", name)}.withBody(rules)
	if err != nil {
		return Policy{}, err
	}
	return c.policy(ctx, r)
}

// RewritePolicy changes a revision that is not published, as it was read under etag; the problem revision_mismatch says
// that somebody else has changed it since.
func (c *Client) RewritePolicy(ctx context.Context, name string, revision int, etag string, rules Rules) (Policy, error) {
	r, err := request{method: http.MethodPut, path: policyPath(name, revision), ifMatch: etag}.withBody(rules)
	if err != nil {
		return Policy{}, err
	}
	return c.policy(ctx, r)
}

// StepPolicy submits, approves, publishes or retires a revision as it was read under etag.
func (c *Client) StepPolicy(ctx context.Context, name string, revision int, etag, step string) (Policy, error) {
	return c.policy(ctx, request{method: http.MethodPost, path: policyPath(name, revision) + path(step), ifMatch: etag})
}

// DeletePolicy deletes a draft as it was read under etag.
func (c *Client) DeletePolicy(ctx context.Context, name string, revision int, etag string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: policyPath(name, revision), ifMatch: etag}, nil)
	return err
}

// HandOverPolicy makes a policy another client's.
func (c *Client) HandOverPolicy(ctx context.Context, name, to string) error {
	r, err := request{method: http.MethodPut, path: path("v1", "policies", name, "author"), repeatable: true}.withBody(v1.PolicyAuthor{Client: to})
	if err == nil {
		_, err = c.call(ctx, r, nil)
	}
	return err
}

func (c *Client) policy(ctx context.Context, r request) (Policy, error) {
	var p Policy
	header, err := c.call(ctx, r, &p.PolicyRevision)
	p.ETag = header.Get("ETag")
	return p, err
}

func policyPath(name string, revision int) string {
	return path("v1", "policies", name, strconv.Itoa(revision))
}
