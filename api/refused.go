package api

import (
	"errors"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/publish/rules"
)

// refusedByRules names the problem of a message that the policy of its room does not let in; nil if it is something else.
func refusedByRules(err error) *problem.Error {
	var r *rules.Refusal
	if !errors.As(err, &r) {
		return nil
	}
	for _, k := range []struct {
		kind error
		code v1.ProblemCode
	}{
		{rules.ErrLane, v1.ProblemCodeLaneForbidden},
		{rules.ErrType, v1.ProblemCodeTypeForbidden},
		{rules.ErrLong, v1.ProblemCodeContentTooLong},
		{rules.ErrContent, v1.ProblemCodeContentInvalid},
		{rules.ErrRefused, v1.ProblemCodeCheckRefused},
		{rules.ErrNoAnswer, v1.ProblemCodeCheckUnavailable},
	} {
		if errors.Is(r.Kind, k.kind) {
			return &problem.Error{Code: k.code, Faults: r.Faults}
		}
	}
	return nil
}
