package httpsms

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed profiles/*.yaml
var profiles embed.FS

var errProfile = errors.New("no such profile")

// Profiles are the providers whose configuration is known.
func Profiles() []string {
	files, err := profiles.ReadDir("profiles")
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// profile reads one; that of no name says nothing.
func profile(name string) (o Options, err error) {
	if name == "" {
		return o, nil
	}
	if strings.ContainsAny(name, "/.") {
		return o, errProfile
	}
	data, err := profiles.ReadFile("profiles/" + name + ".yaml")
	if err != nil {
		return o, errProfile
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("httpsms: profile %s: %w", name, err)
	}
	return o, nil
}

// overlay puts what is said over a profile: maps key by key, everything else whole.
func overlay(p, said Options) Options {
	merge(reflect.ValueOf(&p).Elem(), reflect.ValueOf(said))
	return p
}

func merge(under, over reflect.Value) {
	switch {
	case over.Kind() == reflect.Struct:
		for i := range over.NumField() {
			merge(under.Field(i), over.Field(i))
		}
	case over.Kind() == reflect.Map && under.Len() > 0:
		all := reflect.MakeMap(over.Type())
		for _, m := range []reflect.Value{under, over} {
			for it := m.MapRange(); it.Next(); {
				all.SetMapIndex(it.Key(), it.Value())
			}
		}
		under.Set(all)
	case !over.IsZero() && !(over.Kind() == reflect.Slice && over.Len() == 0):
		under.Set(over)
	}
}
