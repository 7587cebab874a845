package main

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alertRules is the file of rules, as Prometheus reads it.
type alertRules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// The rules are well formed, and ask for metrics that a node shows; those of a cluster, and what is counted when it happens first,
// are looked for in the source.
func TestAlertRulesNameMetrics(t *testing.T) {
	text, err := os.ReadFile(root + "/deploy/alerts.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file alertRules
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(&file); err != nil || len(file.Groups) == 0 {
		t.Fatalf("%d groups, %v", len(file.Groups), err)
	}
	s := newStand(t, nil, nil)
	s.room("ward", demoPublisher)
	shown := ask(t, http.MethodGet, s.app.URL()+"/metrics", "", "").body
	source := string(sources(t))
	for _, r := range file.Groups[0].Rules {
		if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
			t.Errorf("%q lacks a name, a severity or a summary", r.Alert)
		}
		for _, name := range regexp.MustCompile(`crier_[a-z_]+`).FindAllString(r.Expr, -1) {
			if !strings.Contains(shown, name) && !strings.Contains(source, name+"{") && !strings.Contains(source, `"`+name+`"`) {
				t.Errorf("%s asks for %s, which nothing shows", r.Alert, name)
			}
		}
	}
}
