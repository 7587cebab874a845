package report

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/govcrier/crier/rooms"
)

const (
	maxFound   = 16        // tokens, and ids, that are looked at
	maxScanned = 256 << 10 // bytes that are searched for them
)

// aToken finds what stands between + and @ in an address of ours, also where others have encoded these.
func aToken() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:\+|=2B|%2B)([a-z2-7]{44,56})(?:@|=40|%40)`)
}

// tokens gives those that stand in texts, each once.
func tokens(texts ...string) []string {
	var found []string
	for _, text := range texts {
		for _, m := range aToken().FindAllStringSubmatch(text[:min(len(text), maxScanned)], maxFound) {
			if !slices.Contains(found, m[1]) && len(found) < maxFound {
				found = append(found, m[1])
			}
		}
	}
	return found
}

// anID finds what email calls a delivery in a Message-ID, and in an envelope id.
func anID() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s<])([0-9A-HJKMNP-TV-Z]{26})\.([0-9]{1,9})(?:@|$)`)
}

// ids gives those that stand in texts, each once.
func ids(texts ...string) []rooms.DeliveryID {
	var found []rooms.DeliveryID
	for _, text := range texts {
		for _, m := range anID().FindAllStringSubmatch(text[:min(len(text), maxScanned)], maxFound) {
			umid, err := rooms.ParseUMID(m[1])
			n, _ := strconv.Atoi(m[2])
			id := rooms.DeliveryID{UMID: umid, N: n}
			if err == nil && !slices.Contains(found, id) && len(found) < maxFound {
				found = append(found, id)
			}
		}
	}
	return found
}
