package api

import (
	"context"
	"errors"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
)

// refusedURL says of an address that may not be called where it stands in the request.
func refusedURL(pointer string, err error) error {
	if !errors.Is(err, rooms.ErrAddress) {
		return err
	}
	return problem.Faults(v1.ProblemCodeInvalidRequest,
		rooms.Fault{Pointer: pointer, Code: string(v1.FaultCodeInvalidAddress), Detail: err.Error()})
}

// translate names the problem of every error that reaches a handler from below.
func translate(err error) *problem.Error {
	var p *problem.Error
	if errors.As(err, &p) {
		return p
	}
	if p := refusedByRules(err); p != nil {
		return p
	}
	for _, k := range []struct {
		kind error
		code v1.ProblemCode
	}{
		{publish.ErrConflict, v1.ProblemCodeTransactionConflict},
		{publish.ErrFull, v1.ProblemCodeQueueFull},
		{publish.ErrTooLarge, v1.ProblemCodeBodyTooLarge},
		{publish.ErrUnavailable, v1.ProblemCodeUnavailable},
		{publish.ErrNever, v1.ProblemCodeSendingOver},
		{release.ErrOwn, v1.ProblemCodeOwnMessage},
		{release.ErrNotAwaiting, v1.ProblemCodeNotAwaiting},
		{registry.ErrExists, v1.ProblemCodeRoomExists},
		{registry.ErrUnknownRoom, v1.ProblemCodeUnknownRoom},
		{registry.ErrRevision, v1.ProblemCodeRevisionMismatch},
		{registry.ErrUnknownSubscriber, v1.ProblemCodeUnknownSubscriber},
		{registry.ErrUnknownSuppression, v1.ProblemCodeUnknownSuppression},
		{channels.ErrUnknownProvider, v1.ProblemCodeUnknownProvider},
		{replies.ErrUnknown, v1.ProblemCodeUnknownReply},
		{replies.ErrUnfit, v1.ProblemCodeUnknownReference},
		{registry.ErrSubscriberState, v1.ProblemCodeSubscriberState},
		{registry.ErrLeft, v1.ProblemCodeSubscriberLeft},
		{registry.ErrClosed, v1.ProblemCodeRoomClosed},
		{registry.ErrCode, v1.ProblemCodeWrongCode},
		{registry.ErrWebhookExists, v1.ProblemCodeWebhookExists},
		{registry.ErrUnknownWebhook, v1.ProblemCodeUnknownWebhook},
		{registry.ErrUnknownCallback, v1.ProblemCodeUnknownCallback},
		{registry.ErrQuota, v1.ProblemCodeQuotaExceeded},
		{registry.ErrSenderTaken, v1.ProblemCodeSenderTaken},
		{registry.ErrUnknownClient, v1.ProblemCodeUnknownClient},
		{registry.ErrClientExists, v1.ProblemCodeRevisionRequired},
		{registry.ErrUnknownAPIKey, v1.ProblemCodeUnknownKey},
		{registry.ErrAPIKeys, v1.ProblemCodeQuotaExceeded},
		{rooms.ErrSender, v1.ProblemCodeSenderForbidden},
		{rooms.ErrQuotaUnknown, v1.ProblemCodeQuotaUnknown},
		{registry.ErrUnknownPolicy, v1.ProblemCodeUnknownPolicy},
		{registry.ErrPolicyExists, v1.ProblemCodePolicyExists},
		{registry.ErrPolicyInUse, v1.ProblemCodePolicyInUse},
		{rooms.ErrPolicyState, v1.ProblemCodePolicyState},
		{rooms.ErrOwnPolicy, v1.ProblemCodeOwnPolicy},
		{rooms.ErrOtherPolicy, v1.ProblemCodeForbidden},
		{control.ErrFinished, v1.ProblemCodeMessageFinished},
		{control.ErrCancelled, v1.ProblemCodeMessageCancelled},
		{control.ErrGone, v1.ProblemCodeContentGone},
		{control.ErrRounds, v1.ProblemCodeResendLimit},
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
