package problem

import (
	"net/http"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Entry is what the catalogue says of a code.
type Entry struct {
	Code       v1.ProblemCode
	Status     int
	Title      string
	Advice     string        // becomes detail
	RetryAfter time.Duration // 429 and 503 only
}

// Catalogue lists every problem; openapi.yaml lists the same codes under the same status.
func Catalogue() []Entry {
	const soon = 2 * time.Second
	return []Entry{
		{v1.ProblemCodeInvalidJSON, http.StatusBadRequest, "The body is not valid JSON", "Send one JSON document in UTF-8, without repeated members; errors says where it went wrong.", 0},
		{v1.ProblemCodeInvalidRequest, http.StatusBadRequest, "The request is not valid", "Correct the members named in errors.", 0},
		{v1.ProblemCodeInvalidAlert, http.StatusBadRequest, "The body is not a valid alert of CAP 1.2", "Correct the elements named in errors; OASIS CAP 1.2 says how they are written.", 0},
		{v1.ProblemCodeInvalidParameter, http.StatusBadRequest, "A parameter is not valid", "Correct the parameter named in errors.", 0},
		{v1.ProblemCodeIncompleteBody, http.StatusBadRequest, "The body broke off", "Send the request again.", 0},

		{v1.ProblemCodeTokenMissing, http.StatusUnauthorized, "No access token", "Send an access token of the identity provider in the header Authorization: Bearer.", 0},
		{v1.ProblemCodeTokenMalformed, http.StatusUnauthorized, "The access token cannot be read", "Send one JWT access token, as the identity provider gave it.", 0},
		{v1.ProblemCodeTokenExpired, http.StatusUnauthorized, "The access token has expired", "Get a new access token.", 0},
		{v1.ProblemCodeTokenNotYetValid, http.StatusUnauthorized, "The access token is not yet valid", "Compare the clocks, or wait until the token is valid.", 0},
		{v1.ProblemCodeTokenAudience, http.StatusUnauthorized, "The access token is for another audience", "Get an access token for the audience of this gateway.", 0},
		{v1.ProblemCodeTokenIssuer, http.StatusUnauthorized, "The access token is from another issuer", "Get an access token from the identity provider that this gateway trusts.", 0},
		{v1.ProblemCodeTokenAlgorithm, http.StatusUnauthorized, "The access token is signed with an algorithm that is not allowed", "Get an access token signed with an asymmetric algorithm that this gateway allows.", 0},
		{v1.ProblemCodeTokenSignature, http.StatusUnauthorized, "The signature of the access token is not good", "Get a new access token.", 0},
		{v1.ProblemCodeKeyInvalid, http.StatusUnauthorized, "Not a key of this gateway", "Send one key in the header apiKey, as an admin of the platform has given it.", 0},

		{v1.ProblemCodeForbidden, http.StatusForbidden, "Not allowed", "Ask an admin of the room or of the platform for the permission.", 0},
		{v1.ProblemCodeDirectForbidden, http.StatusForbidden, "Naming recipients is not allowed", "Leave recipients out to reach the room's subscribers, or ask an admin of the room for the direct permission.", 0},

		{v1.ProblemCodeOwnPolicy, http.StatusForbidden, "Approving one's own policy is not allowed", "Ask another data protection officer.", 0},
		{v1.ProblemCodeLaneForbidden, http.StatusForbidden, "The room's policy does not have this lane", "Use one of the lanes of the room's policy.", 0},
		{v1.ProblemCodeTypeForbidden, http.StatusForbidden, "The room's policy does not have this type", "Use one of the types of the room's policy.", 0},
		{v1.ProblemCodeSenderForbidden, http.StatusForbidden, "Not a sender of this client", "Name a sender that is registered for your client, or none; an admin of the platform registers them.", 0},
		{v1.ProblemCodeOwnMessage, http.StatusForbidden, "Releasing one's own message is not allowed", "Ask another publisher or an admin of the room.", 0},
		{v1.ProblemCodeRoomClosed, http.StatusForbidden, "Nobody may ask to come into this room", "Ask an admin of the room.", 0},
		{v1.ProblemCodeWrongCode, http.StatusForbidden, "The code is not good", "Compare the code with the message that brought it; if it is an old one, or there were many tries, ask for another.", 0},
		{v1.ProblemCodeClientBlocked, http.StatusForbidden, "The client is blocked", "Ask an admin of the platform why.", 0},

		{v1.ProblemCodeNotFound, http.StatusNotFound, "No such resource", "Compare the path with /v1/openapi.yaml.", 0},
		{v1.ProblemCodeUnknownRoom, http.StatusNotFound, "No such room", "Check the name of the room.", 0},
		{v1.ProblemCodeUnknownMessage, http.StatusNotFound, "No such message", "Check the UMID; messages of other publishers are not shown, and old ones are removed.", 0},
		{v1.ProblemCodeUnknownSubscriber, http.StatusNotFound, "No such subscriber", "Check the subscriber's id; whoever has left is no longer there.", 0},
		{v1.ProblemCodeUnknownSuppression, http.StatusNotFound, "Nothing keeps the address from being written to", "It was removed, or never there.", 0},
		{v1.ProblemCodeUnknownProvider, http.StatusNotFound, "No such provider", "Compare channel and name with GET /v1/providers.", 0},
		{v1.ProblemCodeUnknownReply, http.StatusNotFound, "No such reply", "It was taken, or is too old; those to other publishers are not shown.", 0},
		{v1.ProblemCodeUnknownWebhook, http.StatusNotFound, "No such webhook", "Check the webhook's id; those of other clients are not shown.", 0},
		{v1.ProblemCodeUnknownCallback, http.StatusNotFound, "No callback is set", "Set one with PUT /v1/callback.", 0},
		{v1.ProblemCodeUnknownConsumer, http.StatusNotFound, "No such consumer", "Check the name; consumers of other clients are not shown, and those of a client that may no longer read the room are removed.", 0},

		{v1.ProblemCodeUnknownPolicy, http.StatusNotFound, "No such policy", "Check the name and the revision of the policy.", 0},
		{v1.ProblemCodeUnknownReference, http.StatusNotFound, "No such message to refer to", "Check the UMID in references; it is of the same room, and your own unless you are its admin.", 0},

		{v1.ProblemCodeUnknownClient, http.StatusNotFound, "The client is not registered", "Register it with PUT /v1/clients/{client}.", 0},

		{v1.ProblemCodeUnknownEventType, http.StatusNotFound, "No such event type", "Check its name, with capitals, against the room's event types.", 0},
		{v1.ProblemCodeUnknownSubscription, http.StatusNotFound, "No such subscription", "Subscribe first; the subscriptions of other clients are not shown.", 0},
		{v1.ProblemCodeNoEvent, http.StatusNotFound, "No event available", "Ask again later; what was handed out comes again if it is not acknowledged.", 0},

		{v1.ProblemCodeUnknownKey, http.StatusNotFound, "The client has no such key", "Compare the id with GET /v1/clients/{client}/keys.", 0},
		{v1.ProblemCodeMethodNotAllowed, http.StatusMethodNotAllowed, "The method is not allowed here", "Use one of the methods in the header Allow.", 0},
		{v1.ProblemCodeBodyTimeout, http.StatusRequestTimeout, "The body did not arrive in time", "Send the request again, over a better connection or in smaller parts.", 0},
		{v1.ProblemCodeTransactionConflict, http.StatusConflict, "The transaction id was used for another request", "Give a new message a new transaction id; repeat a message byte for byte.", 0},
		{v1.ProblemCodeRoomExists, http.StatusConflict, "The room exists", "Choose another name, or change the room that is there.", 0},
		{v1.ProblemCodeInboxTaken, http.StatusConflict, "People write to another room there", "Give the room an address of its own, or other keywords.", 0},
		{v1.ProblemCodePolicyExists, http.StatusConflict, "The policy exists", "Choose another name, or draft a new revision of the policy that is there.", 0},
		{v1.ProblemCodePolicyState, http.StatusConflict, "The revision is not in the state for this", "A draft is submitted, then approved, then published, then retired; what was published is changed by a new revision.", 0},
		{v1.ProblemCodePolicyInUse, http.StatusConflict, "A room names the policy", "Publish another revision first, or give the rooms another policy.", 0},
		{v1.ProblemCodeMessageFinished, http.StatusConflict, "The message is finished", "Nothing of it is left to be paused or cancelled.", 0},
		{v1.ProblemCodeMessageCancelled, http.StatusConflict, "The message was cancelled", "It never goes on; publish a new one.", 0},
		{v1.ProblemCodeContentGone, http.StatusConflict, "The content is no longer kept", "Publish a new message.", 0},
		{v1.ProblemCodeResendLimit, http.StatusConflict, "What failed was tried anew as often as may be", "Publish a new message, to other addresses.", 0},
		{v1.ProblemCodeNotAwaiting, http.StatusConflict, "The message awaits nobody", "It has been released, rejected or cancelled, or has expired, or never needed a second person.", 0},
		{v1.ProblemCodeAlreadySuperseded, http.StatusConflict, "Another message has taken its place", "Refer to the message in supersededBy of the one referred to.", 0},
		{v1.ProblemCodeSendingOver, http.StatusConflict, "The policy allows no sending before the message expires", "Let it expire later, or ask an admin of the room for another policy.", 0},
		{v1.ProblemCodeSubscriberLeft, http.StatusConflict, "The person has left the room", "Say with consent.at that the person has wanted it since, let the person confirm (confirm), or say again if you know better.", 0},
		{v1.ProblemCodeSubscriberState, http.StatusConflict, "The subscriber is not in the state for this", "Who has asked is approved or declined; who is active is paused, and who is paused resumed.", 0},
		{v1.ProblemCodeWebhookExists, http.StatusConflict, "The room has a webhook of this URL", "If it is yours it is listed; rotate its secret if you do not have it.", 0},
		{v1.ProblemCodeSenderTaken, http.StatusConflict, "Another organisation sends from there", "Register senders of the client's own organisation.", 0},
		{v1.ProblemCodeConsumerExists, http.StatusConflict, "The consumer exists with other settings", "Choose another name, or delete the consumer that is there.", 0},
		{v1.ProblemCodeQuotaExceeded, http.StatusConflict, "There are as many as there may be", "Delete one that is not needed any more, or ask the operator for a larger quota.", 0},
		{v1.ProblemCodeEventTypeExists, http.StatusConflict, "The room has an event type of this name", "Choose a name that differs by more than capitals, or delete the one that is there.", 0},
		{v1.ProblemCodeSubscriptionExists, http.StatusConflict, "You have subscribed to this event type", "Change the subscription with PATCH, or delete it first.", 0},
		{v1.ProblemCodeNotPulled, http.StatusConflict, "The subscription is not for PULL", "Its events are pushed; delete it and subscribe with the delivery PULL.", 0},
		{v1.ProblemCodeRevisionMismatch, http.StatusPreconditionFailed, "It was changed meanwhile", "Read it again and apply the change to what it is now.", 0},
		{v1.ProblemCodeBodyTooLarge, http.StatusRequestEntityTooLarge, "The body is too large", "Send less at once.", 0},
		{v1.ProblemCodeUnsupportedMediaType, http.StatusUnsupportedMediaType, "The body is of an unsupported type", "Send one of the content types in /v1/openapi.yaml, in UTF-8 and without content encoding.", 0},
		{v1.ProblemCodeNotSupported, http.StatusUnprocessableEntity, "Not yet supported", "Leave out the members named in errors.", 0},
		{v1.ProblemCodeAlertRefused, http.StatusUnprocessableEntity, "The alert is valid, and not of a kind that is published", "Change what errors names, or do not publish it here.", 0},
		{v1.ProblemCodeContentTooLong, http.StatusUnprocessableEntity, "The content is longer than the room's policy allows", "Shorten the members named in errors.", 0},
		{v1.ProblemCodeContentInvalid, http.StatusUnprocessableEntity, "The content is not as the room's policy asks for this type", "Correct the members named in errors, by the schema that the policy has for the type.", 0},
		{v1.ProblemCodeCheckRefused, http.StatusUnprocessableEntity, "The application that the room's policy asks has refused the message", "Correct what errors says, or ask an admin of the room.", 0},
		{v1.ProblemCodeRevisionRequired, http.StatusPreconditionRequired, "If-Match is missing", "Send the ETag under which it was read in the header If-Match.", 0},

		{v1.ProblemCodeTooManyRequests, http.StatusTooManyRequests, "Too many calls without a good token", "Get a good access token, then wait for the time in Retry-After.", 5 * soon},
		{v1.ProblemCodeTooManyJoins, http.StatusTooManyRequests, "Too many requests to subscribe people", "Each has somebody written to. Wait for the time in Retry-After, or have an admin add them.", 5 * soon},
		{v1.ProblemCodeTooManyStreams, http.StatusTooManyRequests, "Too many streams of this client", "Close one of them, or wait for the time in Retry-After.", 5 * soon},
		{v1.ProblemCodeTooManyPulls, http.StatusTooManyRequests, "Too many pulls of this client wait", "Wait for one of them, or for the time in Retry-After, or pull without wait.", 5 * soon},

		{v1.ProblemCodePublishQuotaExceeded, http.StatusTooManyRequests, "The quota of messages is used up", "Repeat the same request after the time in Retry-After, or ask the operator or the room's admin for a larger quota.", soon},

		{v1.ProblemCodeInternal, http.StatusInternalServerError, "An error of ours", "Tell the operator the requestId.", 0},
		{v1.ProblemCodeUnavailable, http.StatusServiceUnavailable, "Not available at the moment", "Repeat the same request after the time in Retry-After.", soon},
		{v1.ProblemCodeQueueFull, http.StatusServiceUnavailable, "The queue is full", "Repeat the same request after the time in Retry-After.", 5 * soon},
		{v1.ProblemCodeStreamsFull, http.StatusServiceUnavailable, "This node has as many streams as it takes", "Use another node, or wait for the time in Retry-After.", 5 * soon},
		{v1.ProblemCodePullsFull, http.StatusServiceUnavailable, "As many pulls wait as this node takes", "Use another node, wait for the time in Retry-After, or pull without wait.", 5 * soon},
		{v1.ProblemCodeIdentityUnavailable, http.StatusServiceUnavailable, "The identity provider is not available", "Repeat the same request after the time in Retry-After.", 5 * soon},
		{v1.ProblemCodeCheckUnavailable, http.StatusServiceUnavailable, "The application that the room's policy asks does not answer", "Repeat the same request after the time in Retry-After.", 5 * soon},
		{v1.ProblemCodeQuotaUnknown, http.StatusServiceUnavailable, "How much of a quota is used is not known here", "Repeat the same request after the time in Retry-After, or on another node.", soon},
		{v1.ProblemCodeNotReady, http.StatusServiceUnavailable, "This node is not ready", "Wait, or use another node.", soon},
	}
}
