package request

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/problem"
)

// Each recipient's text is tried before a message is accepted, so that of long templates there may be fewer recipients.
func TestLongTemplatesHaveFewRecipients(t *testing.T) {
	var people []string
	for n := range 3000 {
		people = append(people, fmt.Sprintf(`{"phone":"+9996%08d"}`, n))
	}
	body := func(text string) []byte {
		return []byte(`{"transactionId":"t-1","type":"reminder","content":{"mustache":true,"text":"` + text + `"},"recipients":[` + strings.Join(people, ",") + `]}`)
	}
	if _, err := ParseMessage(body("{{language}}"), Limits{}); err == nil {
		t.Error("somebody has no language") // all are tried
	}
	if _, err := ParseMessage(body("short"), Limits{}); err != nil {
		t.Error(err)
	}
	_, err := ParseMessage(body(strings.Repeat("long ", 20_000)), Limits{})
	var refused *problem.Error
	if !errors.As(err, &refused) || len(refused.Faults) != 1 || refused.Faults[0].Pointer != "/recipients" {
		t.Errorf("%v %+v", err, refused)
	}
}
