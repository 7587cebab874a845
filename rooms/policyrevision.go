package rooms

import (
	"errors"
	"slices"
	"time"
)

// StandardPolicy is the policy of every room that names no other.
const StandardPolicy = "standard"

// PolicyState is how far a revision of a policy has come. A revision that is published or retired never
// changes its rules any more.
type PolicyState string

// The states, in their order.
const (
	PolicyDraft     PolicyState = "draft"
	PolicySubmitted PolicyState = "submitted"
	PolicyApproved  PolicyState = "approved"
	PolicyPublished PolicyState = "published"
	PolicyRetired   PolicyState = "retired"
)

// PolicyDeleted stands where a draft was that its author has deleted; nobody is shown it, and its number is free again.
const PolicyDeleted PolicyState = "deleted"

// PolicyStep leads from one state to the next.
type PolicyStep string

// The steps, in their order.
const (
	SubmitPolicy  PolicyStep = "submit"
	ApprovePolicy PolicyStep = "approve"
	PublishPolicy PolicyStep = "publish"
	RetirePolicy  PolicyStep = "retire"
)

// Why a step is not made.
var (
	// ErrPolicyState: the revision is not in the state that the step begins with.
	ErrPolicyState = errors.New("the policy is not in the state for this")
	// ErrOwnPolicy: nobody approves what he has written himself.
	ErrOwnPolicy = errors.New("one's own policy")
	// ErrOtherPolicy: the policy is another client's.
	ErrOtherPolicy = errors.New("another client's policy")
)

// PolicyRevision is a revision of a policy, and how far it has come.
type PolicyRevision struct {
	Policy
	State     PolicyState
	Author    Client   // whose policy it is: who alone writes, submits, publishes and retires its revisions
	Writers   []Client // who has written it, the author or those before him; nil of what was stored without: its author
	Approver  Client
	ChangedAt time.Time
	Entry     uint64 // of the KV, 0 if it is not stored yet
	Sealed    []byte // Check.URL as it is stored, since it may hold a credential; nil if there is none
}

// ParsePolicyName accepts the name of a policy or says why not.
func ParsePolicyName(s string) (string, error) { return s, checkName("policy", s) }

// Applied says that messages may have been accepted under this revision.
func (r PolicyRevision) Applied() bool {
	return r.State == PolicyPublished || r.State == PolicyRetired
}

// Rewrite gives a revision other rules. It is a draft again, so that what was approved is what is published.
func (r PolicyRevision) Rewrite(rules Policy, by Client) (PolicyRevision, error) {
	switch {
	case by != r.Author:
		return r, ErrOtherPolicy
	case r.Applied():
		return r, ErrPolicyState
	}
	rules.Revision = r.Revision
	r.Policy, r.State, r.Approver = rules, PolicyDraft, ""
	r.Writers = r.WrittenBy(by)
	return r, nil
}

// WrittenBy are those who have written a revision, and one more.
func (r PolicyRevision) WrittenBy(by Client) []Client {
	all := r.Writers
	if len(all) == 0 && r.Author != "" {
		all = []Client{r.Author}
	}
	if slices.Contains(all, by) {
		return all
	}
	return append(slices.Clip(all), by)
}

// Take makes a step. The author makes all but the approval, which somebody gives who has written none of it.
func (r PolicyRevision) Take(step PolicyStep, by Client) (PolicyRevision, error) {
	from, to := step.states()
	own := by == r.Author
	switch {
	case step == ApprovePolicy && (own || slices.Contains(r.Writers, by)):
		return r, ErrOwnPolicy
	case step != ApprovePolicy && !own:
		return r, ErrOtherPolicy
	case r.State != from:
		return r, ErrPolicyState
	case step == ApprovePolicy:
		r.Approver = by
	}
	r.State = to
	return r, nil
}

// states are those between which a step leads.
func (s PolicyStep) states() (from, to PolicyState) {
	switch s {
	case SubmitPolicy:
		return PolicyDraft, PolicySubmitted
	case ApprovePolicy:
		return PolicySubmitted, PolicyApproved
	case PublishPolicy:
		return PolicyApproved, PolicyPublished
	}
	return PolicyPublished, PolicyRetired
}

// Delete takes a draft away.
func (r PolicyRevision) Delete(by Client) (PolicyRevision, error) {
	switch {
	case by != r.Author:
		return r, ErrOtherPolicy
	case r.State != PolicyDraft:
		return r, ErrPolicyState
	}
	return PolicyRevision{Policy: Policy{Revision: r.Revision}, State: PolicyDeleted, Entry: r.Entry}, nil
}

// HandOver makes a revision another client's. One that is not published is a draft again, for its new author to submit;
// what others have written of it stays theirs, so that they do not approve it.
func (r PolicyRevision) HandOver(to Client) PolicyRevision {
	r.Writers = r.WrittenBy(r.Author)
	r.Author = to
	if !r.Applied() {
		r.State, r.Approver = PolicyDraft, ""
	}
	return r
}

// Readable says whether a client may read the revision: what was published everybody may, the others their author.
func (r PolicyRevision) Readable(by Client) bool { return r.Applied() || r.Author == by }
