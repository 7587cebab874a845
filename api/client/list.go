package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// pageSize is how many entries of a list are asked for at once.
const pageSize = 500

// page is one answer of a list.
type page[T any] struct {
	entries []T
	next    *string
}

// walk gives the entries of a list one by one and asks for the next page when it gets there. The first error ends it.
func walk[T any](ctx context.Context, read func(ctx context.Context, cursor string) (page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			p, err := read(ctx, cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, e := range p.entries {
				if !yield(e, nil) {
					return
				}
			}
			if p.next == nil || *p.next == "" {
				return
			}
			cursor = *p.next
		}
	}
}

// list is the request for a page.
func list(path, cursor string) request {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return get(path + "?" + query.Encode())
}
