package config

import "testing"

func TestEveryKeyIsExplained(t *testing.T) {
	c := New()
	help := help()
	for _, k := range root(&c).values() {
		if help[k.path].text == "" {
			t.Errorf("%s is not explained", k.path)
		}
		delete(help, k.path)
	}
	for path := range help {
		t.Errorf("%s is explained and does not exist", path)
	}
}

func TestEverySectionIsExplained(t *testing.T) {
	c := New()
	sections := sections()
	var visit func(key)
	visit = func(at key) {
		for _, k := range at.below() {
			if !k.section() {
				continue
			}
			if sections[k.path] == "" {
				t.Errorf("%s is not explained", k.path)
			}
			delete(sections, k.path)
			visit(k)
		}
	}
	visit(root(&c))
	for path := range sections {
		t.Errorf("%s is explained and does not exist", path)
	}
}
