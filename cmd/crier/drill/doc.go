// Package drill measures what a failure costs: it publishes and receives at a steady rate while nodes of a cluster are
// killed, hung, cut off or restarted, and counts afterwards.
//
// It promises that its counts come from two lists, which it keeps as evidence if asked to: the receipts that its clients
// got, and the deliveries that its sink got, each with its time on this process's clock. A message counts as lost if a
// client has its receipt and a recipient never got it, in the time that is allowed after the cluster has healed. A delivery
// counts as duplicated each time it comes after the first. Messages are told apart by their transaction ids, so that one
// which was accepted twice counts as duplicated too.
//
// The longest silence is that of the service: the longest time in which none of the publishers got a receipt, or no
// delivery came that had not come before. Retries are those of package client, so what it waits between them is part of
// the figures, as it is part of what a publisher sees.
//
// It does not measure throughput. On a machine of its own a cluster is as slow as three nodes are which share its disk.
package drill
