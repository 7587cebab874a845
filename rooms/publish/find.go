package publish

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// Find gives the message that one of some clients has published under a transaction id; false if none has, as far as
// transactions are remembered. What was accepted before the call is found, on whichever node.
func (p *Publisher) Find(ctx context.Context, transactionID string, clients ...rooms.Client) (Known, bool, error) {
	var txids []string
	for _, c := range clients {
		txids = append(txids, p.txids(Request{Client: c, TransactionID: transactionID})...)
	}
	if len(txids) == 0 {
		return Known{}, false, nil
	}
	k, ok, err := p.Memory.Lookup(txids...)
	if err != nil || ok {
		return k, ok, lookupError(err)
	}
	return p.whole(ctx, txids)
}
