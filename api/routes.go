package api

import (
	"net/http"

	"github.com/govcrier/crier/rooms"
)

// Who may see all messages of a room, who may list them, who may see the room, who may read what is
// published in it to all subscribers, and who may say whether a message goes on.
const (
	overseer = platformAdmin | auditor | roomAdmin
	insider  = overseer | publisher
	member   = insider | reader

	recipient = reader | roomAdmin
	keeper    = author | roomAdmin

	feedReader = recipient | passerby
)

// route is one line of the table: whoever has one of the rights in scope may call it.
type route struct {
	method string
	path   string
	scope  rights
	handle handler
}

// routes are all there are.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, "/v1/rooms/{room}/messages", publisher | roomAdmin, s.publish},
		{http.MethodPost, "/v1/rooms/{room}/messages/preview", publisher | roomAdmin, s.preview},
		{http.MethodGet, "/v1/rooms/{room}/messages", insider, s.listMessages},
		{http.MethodGet, "/v1/rooms/{room}/stream", reader | roomAdmin, s.stream},
		{http.MethodGet, "/v1/messages/{umid}", author | overseer, s.getMessage},
		{http.MethodGet, "/v1/messages/{umid}/deliveries", author | overseer, s.listDeliveries},
		{http.MethodGet, "/v1/messages/{umid}/content", publisher | roomAdmin | author, s.awaitedContent},
		{http.MethodPost, "/v1/messages/{umid}/release", publisher | roomAdmin, s.releaseMessage},
		{http.MethodPost, "/v1/messages/{umid}/reject", publisher | roomAdmin | author, s.rejectMessage},

		{http.MethodPost, "/v1/messages/{umid}/pause", keeper, s.control(rooms.ControlPaused)},
		{http.MethodPost, "/v1/messages/{umid}/resume", keeper, s.control(rooms.ControlRunning)},
		{http.MethodPost, "/v1/messages/{umid}/cancel", keeper, s.control(rooms.ControlCancelled)},
		{http.MethodPost, "/v1/messages/{umid}/resend", keeper, s.resend},
		{http.MethodPost, "/v1/messages/{umid}/drop", keeper, s.drop},
		{http.MethodGet, "/v1/rooms/{room}/failed", insider, s.listFailed},
		{http.MethodPost, "/v1/rooms/{room}/failed/resend", publisher | roomAdmin, s.resendFailed},
		{http.MethodPost, "/v1/rooms/{room}/failed/drop", publisher | roomAdmin, s.dropFailed},

		{http.MethodPost, "/v1/rooms/{room}/alerts", publisher | roomAdmin, s.publishAlert},
		{http.MethodGet, "/v1/rooms/{room}/alerts", feedReader, s.listAlerts},
		{http.MethodGet, "/v1/rooms/{room}/alerts/{umid}", feedReader, s.getAlert},

		{http.MethodPost, "/v1/rooms", platformAdmin, s.createRoom},
		{http.MethodGet, "/v1/rooms", caller, s.listRooms},
		{http.MethodGet, "/v1/rooms/{room}", member, s.getRoom},
		{http.MethodPut, "/v1/rooms/{room}", platformAdmin | roomAdmin, s.updateRoom},
		{http.MethodDelete, "/v1/rooms/{room}", platformAdmin, s.deleteRoom},

		{http.MethodPost, "/v1/rooms/{room}/subscribers", platformAdmin | roomAdmin, s.addSubscribers},
		{http.MethodGet, "/v1/rooms/{room}/subscribers", platformAdmin | roomAdmin, s.listSubscribers},
		{http.MethodGet, "/v1/rooms/{room}/subscribers/{subscriber}", platformAdmin | roomAdmin, s.getSubscriber},
		{http.MethodPatch, "/v1/rooms/{room}/subscribers/{subscriber}", platformAdmin | roomAdmin, s.changeSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/subscribers/{subscriber}/pause", platformAdmin | roomAdmin, s.pauseSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/subscribers/{subscriber}/resume", platformAdmin | roomAdmin, s.resumeSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/subscribers/{subscriber}/approve", platformAdmin | roomAdmin, s.approveSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/subscribers/{subscriber}/decline", platformAdmin | roomAdmin, s.declineSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/subscribers/{subscriber}/confirm", caller, s.confirmSubscriber},
		{http.MethodPost, "/v1/rooms/{room}/requests", caller, s.requestSubscription},
		{http.MethodDelete, "/v1/rooms/{room}/subscribers/{subscriber}", caller, s.removeSubscriber},

		{http.MethodGet, "/v1/providers", platformAdmin | auditor, s.listProviders},
		{http.MethodGet, "/v1/providers/{channel}/{provider}", platformAdmin | auditor, s.getProvider},
		{http.MethodPut, "/v1/providers/{channel}/{provider}", platformAdmin, s.putProvider},
		{http.MethodPost, "/v1/providers/{channel}/{provider}/test", platformAdmin, s.testProvider},

		{http.MethodGet, "/v1/rooms/{room}/replies", publisher | roomAdmin, s.listReplies},
		{http.MethodGet, "/v1/rooms/{room}/replies/{reply}", publisher | roomAdmin, s.getReply},
		{http.MethodDelete, "/v1/rooms/{room}/replies/{reply}", publisher | roomAdmin, s.takeReply},
		{http.MethodGet, "/v1/unmatched", platformAdmin | officer, s.listReplies},
		{http.MethodPost, "/v1/unmatched/{reply}/release", platformAdmin | officer, s.releaseUnmatched},
		{http.MethodDelete, "/v1/unmatched/{reply}", platformAdmin | officer, s.takeReply},

		{http.MethodGet, "/v1/suppressions", platformAdmin | officer, s.listSuppressions},
		{http.MethodPost, "/v1/suppressions/find", platformAdmin | officer, s.findSuppression},
		{http.MethodDelete, "/v1/suppressions/{suppression}", platformAdmin | officer, s.removeSuppression},
		{http.MethodPost, "/v1/persons/export", officer, s.exportPerson},
		{http.MethodPost, "/v1/persons/erase", officer, s.erasePerson},

		{http.MethodPost, "/v1/rooms/{room}/consumers", recipient, s.createConsumer},
		{http.MethodGet, "/v1/rooms/{room}/consumers", recipient | platformAdmin, s.listConsumers},
		{http.MethodGet, "/v1/rooms/{room}/consumers/{consumer}", recipient | platformAdmin, s.getConsumer},
		{http.MethodDelete, "/v1/rooms/{room}/consumers/{consumer}", recipient | platformAdmin, s.deleteConsumer},
		{http.MethodPost, "/v1/rooms/{room}/consumers/{consumer}/reset", recipient, s.resetConsumer},
		{http.MethodPost, "/v1/rooms/{room}/consumers/{consumer}/pull", recipient, s.pull},
		{http.MethodPost, "/v1/rooms/{room}/consumers/{consumer}/ack", recipient, s.ack},

		{http.MethodPost, "/v1/rooms/{room}/webhooks", reader | roomAdmin, s.addWebhook},
		{http.MethodGet, "/v1/rooms/{room}/webhooks", reader | roomAdmin | platformAdmin, s.listWebhooks},
		{http.MethodDelete, "/v1/rooms/{room}/webhooks/{webhook}", reader | roomAdmin | platformAdmin, s.removeWebhook},
		{http.MethodPost, "/v1/rooms/{room}/webhooks/{webhook}/secret", reader | roomAdmin, s.rotateWebhook},

		{http.MethodPut, "/v1/callback", caller, s.setCallback},
		{http.MethodGet, "/v1/callback", caller, s.getCallback},
		{http.MethodDelete, "/v1/callback", caller, s.removeCallback},
		{http.MethodPost, "/v1/callback/secret", caller, s.rotateCallback},

		{http.MethodGet, "/v1/clients", platformAdmin | auditor, s.listClients},
		{http.MethodGet, "/v1/clients/{client}", platformAdmin | auditor | oneself, s.getClient},
		{http.MethodPut, "/v1/clients/{client}", platformAdmin, s.putClient},
		{http.MethodDelete, "/v1/clients/{client}", platformAdmin, s.removeClient},
		{http.MethodPost, "/v1/clients/{client}/keys", platformAdmin, s.makeAPIKey},
		{http.MethodGet, "/v1/clients/{client}/keys", platformAdmin | auditor | oneself, s.listAPIKeys},
		{http.MethodDelete, "/v1/clients/{client}/keys/{key}", platformAdmin, s.revokeAPIKey},
		{http.MethodGet, "/v1/quota", caller, s.getQuota},

		{http.MethodGet, "/v1/connections", platformAdmin, s.listConnections},
		{http.MethodGet, "/v1/blocked", platformAdmin | auditor, s.listBlocked},
		{http.MethodPut, "/v1/blocked/{client}", platformAdmin, s.blockClient},
		{http.MethodDelete, "/v1/blocked/{client}", platformAdmin, s.unblockClient},

		{http.MethodPost, "/v1/policies", platformAdmin | drafter, s.draftPolicy},
		{http.MethodGet, "/v1/policies", caller, s.listPolicies},
		{http.MethodPost, "/v1/policies/{policy}", platformAdmin | drafter, s.nextPolicy},
		{http.MethodGet, "/v1/policies/{policy}", caller, s.listPolicies},
		{http.MethodGet, "/v1/policies/{policy}/diff", caller, s.diffPolicy},
		{http.MethodPut, "/v1/policies/{policy}/author", platformAdmin, s.handOverPolicy},
		{http.MethodGet, "/v1/policies/{policy}/{revision}", caller, s.getPolicy},
		{http.MethodPut, "/v1/policies/{policy}/{revision}", platformAdmin | drafter, s.rewritePolicy},
		{http.MethodDelete, "/v1/policies/{policy}/{revision}", platformAdmin | drafter, s.deletePolicy},
		{http.MethodPost, "/v1/policies/{policy}/{revision}/submit", platformAdmin | drafter, s.step(rooms.SubmitPolicy)},
		{http.MethodPost, "/v1/policies/{policy}/{revision}/approve", officer, s.step(rooms.ApprovePolicy)},
		{http.MethodPost, "/v1/policies/{policy}/{revision}/publish", platformAdmin | drafter, s.step(rooms.PublishPolicy)},
		{http.MethodPost, "/v1/policies/{policy}/{revision}/retire", platformAdmin | drafter, s.step(rooms.RetirePolicy)},

		{http.MethodGet, "/leave/{token}", public, s.showLeave},
		{http.MethodPost, "/leave/{token}", public, s.doLeave},
		{http.MethodGet, "/confirm/{token}", public, s.showConfirm},
		{http.MethodPost, "/confirm/{token}", public, s.doConfirm},

		{http.MethodGet, "/v1/inlets/{provider}/{kind}", public, s.hearProvider},
		{http.MethodPost, "/v1/inlets/{provider}/{kind}", public, s.hearProvider},

		{http.MethodGet, "/v1/webpush/key", public, s.pushKey},
		{http.MethodGet, "/v1/openapi.yaml", public, s.document},
		{http.MethodGet, "/docs", public, s.documentation},
		{http.MethodGet, "/healthz", public, s.healthz},
		{http.MethodGet, "/readyz", public, s.readyz},
		{http.MethodGet, "/metrics", public, s.metricsPage},
	}
}
