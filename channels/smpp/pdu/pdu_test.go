package pdu_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

// The example of SMPP 3.4 §3.2.2.
func TestBindOfTheSpecification(t *testing.T) {
	const want = "0000002f000000020000000000000001" + "534d50503354455354007365637265743038005355424d4954310034010100"
	raw, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pdu.Read(bytes.NewReader(raw))
	if err != nil || p.Command != pdu.BindTransmitter || p.Sequence != 1 || p.Status != pdu.OK {
		t.Fatalf("%+v, %v", p, err)
	}
	b, err := pdu.ParseBind(p.Body)
	if want := (pdu.Bind{SystemID: "SMPP3TEST", Password: "secret08", SystemType: "SUBMIT1"}); err != nil || b != want {
		t.Errorf("%+v, %v; want %+v", b, err, want)
	}
	if !bytes.Equal(p.Bytes(), raw) {
		t.Errorf("% x", p.Bytes())
	}
}

func TestMessageComesBack(t *testing.T) {
	m := pdu.Message{
		ServiceType: "CMT", Source: pdu.Address{TON: 5, Text: "GOV"}, Dest: pdu.Address{TON: 1, NPI: 1, Text: "996555000100"}, ESMClass: 0x40,
		Protocol: 1, Priority: 2, Schedule: "s", Validity: "v", Registered: 1, Coding: 8, Short: []byte{0, 1, 2},
		TLVs: []pdu.TLV{{Tag: pdu.TagReceiptedID, Value: []byte("1\x00")}, {Tag: 0x1403, Value: []byte{}}},
	}
	got, err := pdu.ParseMessage(m.Bytes())
	if err != nil || !reflect.DeepEqual(normal(got), normal(m)) {
		t.Errorf("%+v, %v; want %+v", got, err, m)
	}
	if _, err := pdu.ParseMessage(m.Bytes()[:20]); !errors.Is(err, pdu.ErrBody) {
		t.Errorf("half a message: %v", err)
	}
	if got, err := pdu.ParseMessage(append(m.Bytes(), 0, 1, 0)); err != nil || len(got.TLVs) != 2 {
		t.Errorf("padding: %+v, %v", got, err)
	}
}

func normal(m pdu.Message) pdu.Message {
	for i, t := range m.TLVs {
		m.TLVs[i].Value = append([]byte{}, t.Value...)
	}
	return m
}

func TestImpossibleLengths(t *testing.T) {
	for _, size := range [][]byte{{0, 0, 0, 15}, {0, 0, 0, 0}, {0, 2, 0, 0}, {255, 255, 255, 255}} {
		raw := append(size, make([]byte, 12)...)
		if _, err := pdu.Read(bytes.NewReader(raw)); !errors.Is(err, pdu.ErrSize) {
			t.Errorf("% x: %v", size, err)
		}
	}
	raw := pdu.PDU{Command: pdu.SubmitSM, Body: []byte("body")}.Bytes()
	if _, err := pdu.Read(bytes.NewReader(raw[:18])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut one: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pdu.PDU{Command: pdu.DeliverSM, Sequence: 1, Body: pdu.Message{Short: []byte("hi"), TLVs: []pdu.TLV{{Tag: 1, Value: []byte("x")}}}.Bytes()}.Bytes())
	f.Add(pdu.PDU{Command: pdu.BindReceiver, Body: pdu.Bind{SystemID: "a"}.Bytes()}.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := pdu.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if !bytes.HasPrefix(raw, p.Bytes()) {
			t.Error("it is not written as it was read")
		}
		_ = pdu.ID(p.Body)
		_, _ = pdu.ParseBind(p.Body)
		_, _ = pdu.ParseData(p.Body)
		m, err := pdu.ParseMessage(p.Body)
		if err != nil {
			return
		}
		again, err := pdu.ParseMessage(m.Bytes())
		if err != nil || !reflect.DeepEqual(normal(again), normal(m)) {
			t.Errorf("%+v, %v; want %+v", again, err, m)
		}
	})
}
