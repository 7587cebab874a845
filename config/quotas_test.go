package config_test

import (
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/quota"
)

func TestQuotasOfClients(t *testing.T) {
	withAPI := func(s string) string { return strings.Replace(good, "api: {", "api: {"+s+", ", 1) }
	c, faults := load(t, withAPI("quotas: {perMinute: 60, clients: {hosp-7: {perMinute: 600, perDay: 9}, tax.1: {}}}"), nothing)
	if faults != nil || c.API.Quotas.PerMinute != 60 || c.API.Quotas.Clients["hosp-7"] != (quota.Limit{PerMinute: 600, PerDay: 9}) || len(c.API.Quotas.Clients) != 2 {
		t.Errorf("%+v, %v", c.API.Quotas, faults)
	}
	for text, want := range map[string]string{
		"quotas: {clients: {hosp-7: {perMonth: 600}}}":                  "api.quotas.clients.hosp-7.perMonth: unknown key",
		"quotas: {clients: {hosp-7: {perDay: many}}}":                   "api.quotas.clients.hosp-7.perDay: not a whole number",
		"quotas: {clients: {hosp-7: 600}}":                              "api.quotas.clients.hosp-7: keys are expected here",
		"quotas: {clients: {hosp-7: {perDay: 1}, hosp-7: {perDay: 2}}}": "api.quotas.clients.hosp-7: stands here for a second time",
		"quotas: {clients: {hosp-7: {perDay: -1}}}":                     "api.quotas: perMinute and perDay are not below zero",
		"quotas: {maxLag: 5}":                                           "api.quotas.maxLag: a duration has a unit",
		"senders: maybe":                                                "api.senders: ",
	} {
		if _, faults := load(t, withAPI(text), nothing); len(faults) != 1 || !strings.HasPrefix(faults[0], want) {
			t.Errorf("%s: %q", text, faults)
		}
	}
}
