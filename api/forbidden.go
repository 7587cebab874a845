package api

import (
	"strings"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// forbidden refuses a caller who has none of the rights of a route, and tells whom it is for.
func forbidden(scope rights) *problem.Error {
	e := problem.Of(v1.ProblemCodeForbidden)
	if who := scope.people(); len(who) > 0 {
		e.Advice = "This is for " + strings.Join(who, ", or ") + "."
	}
	return e
}

// people are those who have one of the rights, in words.
func (scope rights) people() (all []string) {
	for _, known := range []struct {
		right rights
		who   string
	}{
		{roomAdmin, "admins of the room"},
		{publisher, "its publishers"},
		{direct, "its publishers who may name recipients"},
		{reader, "its readers"},
		{author, "who has published the message"},
		{drafter, "admins of a room"},
		{oneself, "the client that it is about"},
		{officer, "data protection officers (role dpo in the token)"},
		{auditor, "auditors (role auditor in the token)"},
		{platformAdmin, "admins of the platform (role admin in the token)"},
	} {
		if scope.any(known.right) {
			all = append(all, known.who)
		}
	}
	return all
}
