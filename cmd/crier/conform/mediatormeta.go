package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func listsServices(ctx context.Context, c *caller) error {
	for _, list := range []string{"listMethods", "allowedMethods"} {
		a, err := c.expect(ctx, c.ask(http.MethodGet, c.at(list), nil), http.StatusOK)
		if err != nil {
			return err
		}
		members, err := a.object()
		if all, ok := members["member"].([]any); err != nil || !ok || len(all) == 0 {
			return fmt.Errorf("%s names no service in the member \"member\"", list)
		}
	}
	return nil
}

// listsMembers wants the member to be in the list, and the room among its applications.
func listsMembers(ctx context.Context, c *caller) error {
	a, err := c.expect(ctx, c.ask(http.MethodGet, "/r1/listClients", nil), http.StatusOK)
	if err != nil {
		return err
	}
	var list struct {
		Member []struct{ ID nodeID }
	}
	if err := json.Unmarshal(a.body, &list); err != nil {
		return errors.New("the answer is not a list in the member \"member\"")
	}
	codes := strings.Split(c.options.Member, "/")
	for _, application := range []string{"", c.options.Room} {
		wanted := nodeID{codes[0], codes[1], codes[2], application}
		if !slices.ContainsFunc(list.Member, func(m struct{ ID nodeID }) bool { return m.ID.is(wanted) }) {
			return fmt.Errorf("%s is not in the list of %d", wanted, len(list.Member))
		}
	}
	return nil
}

// nodeID is a member, or an application of one.
type nodeID struct {
	Instance    string `json:"GovStackInstance"`
	Class       string `json:"memberClass"`
	Code        string `json:"memberCode"`
	Application string `json:"applicationCode"`
}

// is compares them; capitals do not count in an application.
func (n nodeID) is(other nodeID) bool {
	same := strings.EqualFold(n.Application, other.Application)
	n.Application, other.Application = "", ""
	return same && n == other
}

func (n nodeID) String() string {
	return strings.TrimSuffix(strings.Join([]string{n.Instance, n.Class, n.Code, n.Application}, "/"), "/")
}

func describesService(ctx context.Context, c *caller) error {
	r := c.ask(http.MethodGet, c.at("getOpenAPI"), nil)
	r.query = url.Values{"serviceCode": {c.eventType()}}
	a, err := c.expect(ctx, r, http.StatusOK)
	if err != nil {
		return err
	}
	if !strings.Contains(string(a.body), "openapi") {
		return errors.New("it is no OpenAPI document")
	}
	r.query = nil
	_, err = c.expect(ctx, r, http.StatusBadRequest)
	return err
}
