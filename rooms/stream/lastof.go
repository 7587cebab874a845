package stream

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"
)

const (
	few             = 4  // subjects for which only the leader is asked
	confirmTogether = 16 // entries that are confirmed at the same time
)

// lastOf reads the latest entries of at most maxLast subjects, all of which match the filter;
// those without any are left out.
//
// Of several replicas the one at hand is asked, and asked again until it has what the leader had:
// so what it does not have is not there. What it has may have been removed, of which it hears
// late; each entry is therefore confirmed by the leader.
func (l *Log) lastOf(ctx context.Context, stream string, subjects []string, filter string) (found []stored, err error) {
	if l.options.replicated() && len(subjects) <= few {
		for _, subject := range subjects {
			found = append(found, stored{subject: subject})
		}
		return l.confirm(ctx, stream, found)
	}
	err = l.insist(ctx, func(ctx context.Context) error {
		var newest stored
		if l.options.replicated() {
			if newest, err = l.newest(ctx, stream, filter); err != nil {
				return err
			}
		}
		found, err = l.lastAtHand(ctx, stream, subjects, newest)
		return err
	})
	switch {
	case errors.Is(err, ErrGone): // there is nothing at all
		return nil, nil
	case err != nil || !l.options.replicated():
		return found, err
	}
	return l.confirm(ctx, stream, found)
}

// newest asks the leader once for the last entry of a stream, or of those that match a filter.
func (l *Log) newest(ctx context.Context, stream, filter string) (stored, error) {
	s, err := l.askLeader(ctx, stream, get{Last: ">"})
	if errors.Is(classify(err), ErrGone) {
		return l.askLeader(ctx, stream, get{Last: filter})
	}
	return s, err
}

// lastAtHand asks a replica, which must have reached the newest entry. That one is asked for with
// the others, since a replica says how far it has come only if it finds something.
func (l *Log) lastAtHand(ctx context.Context, stream string, subjects []string, newest stored) (found []stored, err error) {
	asked := subjects
	if newest.sequence > 0 && !slices.Contains(subjects, newest.subject) {
		asked = append(slices.Clone(subjects), newest.subject)
	}
	end, err := l.batch(ctx, l.read.Conn(), stream, get{LastOf: asked, Batch: len(asked)}, func(s stored) error {
		if len(asked) == len(subjects) || s.subject != newest.subject {
			found = append(found, s)
		}
		return nil
	})
	if err == nil && end.upTo < newest.sequence {
		return nil, ErrUnavailable
	}
	return found, err
}

// confirm asks the leader for what each entry is now, and leaves out what has been removed.
func (l *Log) confirm(ctx context.Context, stream string, found []stored) ([]stored, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(confirmTogether)
	for i, s := range found {
		group.Go(func() error {
			now, err := l.leader(ctx, stream, get{Last: s.subject})
			found[i] = now // nothing if it has been removed
			if errors.Is(err, ErrGone) {
				return nil
			}
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(found, func(s stored) bool { return s.sequence == 0 }), err
}
