// Package lease has work done on one node at a time, and on another within seconds when that
// node is gone.
//
// A lease is an entry that its holder changes every third of TTL, each time on the condition that
// nobody else has. A holder whose log stores entries later than that asks in them for a longer TTL,
// up to eight times, so that a slow disk does not have all work begin anew for ever; others move
// slower then. Nodes of a version before this do not heed that: while they are mixed on a slow disk,
// both may work for moments, which is withstood as said below. Who has seen the same revision for
// TTL may take it, on the same condition; who finds it given back, or last held by an earlier life of
// his own node, takes it at once. All of this is counted by each node's own monotonic clock from
// what it has itself seen: clocks may be hours apart, and jump. Two nodes never hold a name in the
// same epoch, and epochs count up.
//
// It promises that the context of the work ends when the lease was not prolonged for two thirds
// of TTL, which is before anybody else may take it, so that work that obeys its context within
// the last third is never done on two nodes at once; and that the lease is given back when the
// work has returned, so that a stop costs the others a moment and not TTL.
//
// It does not promise that nothing is done late: a process, or its whole machine, can be suspended
// between a look at Held and what follows. What the holders of leases write must stand that:
//
//   - The planner's jobs are refused by the log once a later epoch has begun its turn at the lane
//     (stream.Turn): each batch is conditional on the lane's fence. Its events have identities,
//     or say again what the index knows; an entry of the audit log may stand twice.
//   - The sweeper removes markers of messages whose planning was over when it looked, which stays
//     true; a planner that does not know it is behind the fence.
//   - The reaper records the failure of deliveries that nobody may attempt any more, under the
//     same identity whoever does it, and deletes by sequences, which never come again.
//   - Retention erases by sequence, too; to erase twice is dull.
//   - The collector of callbacks stores that a sender is to be told, in the place of what stands
//     there of the same message; a position that goes back has a sender told again.
//   - A receipt that was read twice is recorded under the same identity.
//
// If no log answers nobody holds a lease; nothing that needs one could be written then either.
package lease
