package oidctest

import (
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// maxSteps is more pages and redirects than any login here takes.
const maxSteps = 20

// Browse does what a person does in a browser after being sent to log in: it follows redirects, keeps cookies and submits
// the first form of each page with its hidden fields and the answers, until it is sent to the redirect URI. It returns that
// last request's query. Nobody has to listen at the redirect URI.
func Browse(tb testing.TB, start, redirectURI string, answers url.Values) url.Values {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	must(tb, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	next := get(tb, start)
	for range maxSteps {
		response, err := client.Do(next)
		must(tb, err)
		body, err := io.ReadAll(response.Body)
		must(tb, err)
		must(tb, response.Body.Close())
		if response.StatusCode == http.StatusOK {
			next = submit(tb, next.URL, string(body), answers)
			continue
		}
		location, err := response.Location()
		if err != nil {
			tb.Fatalf("oidctest: %s answered %s: %s", next.URL.Path, response.Status, body)
		}
		if strings.HasPrefix(location.String(), redirectURI) {
			return location.Query()
		}
		next = get(tb, location.String())
	}
	tb.Fatalf("oidctest: not sent to %s after %d steps", redirectURI, maxSteps)
	return nil
}

func get(tb testing.TB, target string) *http.Request {
	tb.Helper()
	request, err := http.NewRequest(http.MethodGet, target, nil)
	must(tb, err)
	return request
}

// submit returns the request that the page's first form makes.
func submit(tb testing.TB, page *url.URL, body string, answers url.Values) *http.Request {
	tb.Helper()
	action := regexp.MustCompile(`<form[^>]* action="([^"]*)"`).FindStringSubmatch(body)
	if action == nil {
		tb.Fatalf("oidctest: no form at %s: %s", page.Path, body)
	}
	target, err := page.Parse(html.UnescapeString(action[1]))
	must(tb, err)
	form := maps.Clone(answers)
	hidden := regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	for _, field := range hidden.FindAllStringSubmatch(body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	request, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	must(tb, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}
