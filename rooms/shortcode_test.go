package rooms

import "testing"

func TestParseShortCode(t *testing.T) {
	for text, good := range map[string]bool{"112": true, "28901": true, "12345678": true, "12": false, "123456789": false, "+1234": false, "12a4": false, "": false, "１２３": false} {
		a, err := ParseShortCode(text)
		if (err == nil) != good || a.IsZero() == good || good && a.Reveal() != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}
