package cap

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

// maxPlaces is the most bytes of what is said place by place; an alert that would say more says everything to everybody.
const maxPlaces = 128 << 10

// place is what is said to those whom some of the infos concern.
type place struct {
	Audience rooms.Audience `json:"audience"`
	inLanguages
}

// places are the parts of the audience, where not every info concerns everybody in it: each with the infos that do, in the order
// in which the alert names them.
func (a Alert) places(by []rooms.AreaRule) (all []place) {
	rule, values := a.rule(by)
	said, at := [][]int{}, map[string]int{} // infos, and where in all, by them
	for _, v := range values {
		infos := a.concerning(rule, v)
		key := fmt.Sprint(infos)
		n, there := at[key]
		if !there {
			n = len(all)
			at[key], said, all = n, append(said, infos), append(all, place{Audience: rooms.Audience{}})
		}
		all[n].Audience[rule.Attribute] = append(all[n].Audience[rule.Attribute], v)
	}
	if len(all) < 2 || !a.fill(all, said) {
		return nil
	}
	return all
}

// fill has each place say its infos; false if that is too much.
func (a Alert) fill(all []place, said [][]int) bool {
	size := 0
	for n, infos := range said {
		all[n].inLanguages = translate(a.some(infos))
		b, err := json.Marshal(all[n])
		if size += len(b); err != nil || size > maxPlaces {
			return false
		}
	}
	return true
}

// concerning are the numbers of the infos with an area that has a code under a rule.
func (a Alert) concerning(rule rooms.AreaRule, code string) (infos []int) {
	for n, i := range a.Info {
		if slices.ContainsFunc(i.Areas, func(area Area) bool { return slices.Contains(area.codes(rule.Geocode), code) }) {
			infos = append(infos, n)
		}
	}
	return infos
}

// some are the infos of some numbers.
func (a Alert) some(numbers []int) (infos []Info) {
	for _, n := range numbers {
		infos = append(infos, a.Info[n])
	}
	return infos
}
