package api

import "testing"

func TestForbiddenTellsWhomItIsFor(t *testing.T) {
	for scope, want := range map[rights]string{
		officer:                   "This is for data protection officers (role dpo in the token).",
		roomAdmin | platformAdmin: "This is for admins of the room, or admins of the platform (role admin in the token).",
		author:                    "This is for who has published the message.",
		caller:                    "", // as the catalogue says
	} {
		if got := forbidden(scope).Advice; got != want {
			t.Errorf("%b: %q, want %q", scope, got, want)
		}
	}
}
