package vault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func TestVaultPrintsRedacted(t *testing.T) {
	v := fresh(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, v); got != "[redacted]" {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if v.String() != "[redacted]" || v.LogValue().String() != "[redacted]" {
		t.Error("String or LogValue shows more")
	}
}

// TestNothingPrintsKeys looks for the key bytes in every way of printing.
func TestNothingPrintsKeys(t *testing.T) {
	file := generated(t)
	o := vault.Options{Keys: file}
	v := opened(t, o)
	var out bytes.Buffer
	for _, value := range []any{v, *v, o, &o, struct{ V *vault.Vault }{v}, struct{ O vault.Options }{o}} {
		fmt.Fprintf(&out, "%v %+v %#v %x\n", value, value, value, value)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
		_ = json.NewEncoder(&out).Encode(value)
	}
	for _, set := range []string{"aead", "hash"} {
		_, key := rawKey(t, file, set)
		for _, form := range []string{"%s", "%x", "%d", "%#v", "%q"} {
			if strings.Contains(out.String(), strings.Trim(fmt.Sprintf(form, key), `[]"`)) {
				t.Errorf("the %s key is printed as %s", set, form)
			}
		}
	}
	if strings.Contains(out.String(), "typeUrl") {
		t.Error("a keyset is printed")
	}
}

func TestErrorsCarryNoInput(t *testing.T) {
	v := fresh(t)
	box := sealed(t, v, "plainword", "partword")
	box[len(box)-1]++
	_, err := v.Unseal(box, "partword")
	_, err2 := v.Unseal([]byte("plainword"), "partword")
	_, err3 := vault.Open(t.Context(), vault.Options{Keys: `{"version":1,"keys":{"aead":"keyword","hash":keyword}}`})
	_, err4 := vault.Open(t.Context(), vault.Options{Keys: `{"version":1,"keys":{"aead":{"key":"keyword"},"hash":{}}}`})
	for _, err := range []error{err, err2, err3, err4} {
		if err == nil || strings.Contains(err.Error(), "word") {
			t.Errorf("%v", err)
		}
	}
}
