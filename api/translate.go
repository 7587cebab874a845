package api

import (
	"context"
	"errors"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// translate names the problem of every error that reaches a handler from below.
func translate(err error) *problem.Error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	for _, k := range []struct {
		kind error
		code v1.ProblemCode
	}{
		{publish.ErrConflict, v1.ProblemCodeTransactionConflict},
		{publish.ErrFull, v1.ProblemCodeQueueFull},
		{publish.ErrUnavailable, v1.ProblemCodeUnavailable},
		{registry.ErrExists, v1.ProblemCodeRoomExists},
		{registry.ErrUnknownRoom, v1.ProblemCodeUnknownRoom},
		{registry.ErrRevision, v1.ProblemCodeRevisionMismatch},
		{registry.ErrUnknownSubscriber, v1.ProblemCodeUnknownSubscriber},
		{consumers.ErrUnknown, v1.ProblemCodeUnknownConsumer},
		{consumers.ErrExists, v1.ProblemCodeConsumerExists},
		{consumers.ErrQuota, v1.ProblemCodeQuotaExceeded},
		{index.ErrUnknown, v1.ProblemCodeUnknownMessage},
		{index.ErrClosed, v1.ProblemCodeUnavailable},
		{stream.ErrFull, v1.ProblemCodeQueueFull},
		{stream.ErrUnavailable, v1.ProblemCodeUnavailable},
		{context.DeadlineExceeded, v1.ProblemCodeUnavailable},
		{context.Canceled, v1.ProblemCodeUnavailable},
	} {
		if errors.Is(err, k.kind) {
			return problem.Because(k.code, err)
		}
	}
	return problem.Because(v1.ProblemCodeInternal, err)
}
