package drill

// Result is what one fault has cost. Times are in milliseconds.
type Result struct {
	Fault string `json:"fault"`
	Run   int    `json:"run"` // from 1

	// PublishSilence is the longest time without any receipt, DeliverySilence without any first delivery, from the fault
	// until the cluster had healed.
	PublishSilence  int64 `json:"publishSilenceMs"`
	DeliverySilence int64 `json:"deliverySilenceMs"`
	// QuietPublish and QuietDelivery are the same before the fault: what is usual on this machine.
	QuietPublish  int64 `json:"publishSilenceBeforeMs"`
	QuietDelivery int64 `json:"deliverySilenceBeforeMs"`
	// Acked is the number of messages that were acknowledged, before, during and after the fault.
	Acked int `json:"acked"`
	// Lost is how many of their deliveries never came.
	Lost int `json:"lost"`
	// Duplicated is how often a delivery came again; nil where that cannot be seen.
	Duplicated *int `json:"duplicated"`
	// Redelivered is how many jobs were handed out again after they had been sent: those which a node then recognised and
	// did not send, and Duplicated; nil where that cannot be seen.
	Redelivered *int `json:"redelivered"`
	// Healed is the time from the end of the fault until the cluster was whole, the longest if there were several.
	Healed int64 `json:"healedMs"`
	// LongestDelivery is the longest time from a receipt until the delivery came: what was in hand on a node that died
	// waits for its turn to be handed out again.
	LongestDelivery int64 `json:"maxDeliveryLatencyMs"`
	// LongestPublish is the longest that a publisher has waited for a receipt.
	LongestPublish int64 `json:"maxPublishLatencyMs"`
	// Rate is the number of publishes per second that was aimed at.
	Rate float64 `json:"rate"`
}
