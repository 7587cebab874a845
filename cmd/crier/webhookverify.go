package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

const callLong = `Say whether the signature of a call holds: of a webhook, or of a callback.

FILE holds the call as it came: its headers, with or without the line "POST …" before them, an empty line, and the body
byte for byte. Without FILE it is read from standard input. The secret is taken from CRIER_WEBHOOK_SECRET or --secret.`

const callExample = `  CRIER_WEBHOOK_SECRET=whsec_… crier webhook verify request.txt
  crier webhook verify --secret whsec_… --tolerance 0s < old-request.txt`

func (t terminal) webhookVerify() *cobra.Command {
	var secret string
	var tolerance time.Duration
	c := &cobra.Command{
		Use: "verify [FILE]", Short: "Say whether the signature of a call holds", Long: callLong, Example: callExample,
		Args: cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&secret, "secret", "", "what signs the calls; better in the environment, for ps shows flags to others (CRIER_WEBHOOK_SECRET)")
	c.Flags().DurationVar(&tolerance, "tolerance", 5*time.Minute, "how far its time may be from now; 0s takes any")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if secret == "" {
			secret = t.env("CRIER_WEBHOOK_SECRET")
		}
		if secret == "" {
			return errors.New("no secret: set CRIER_WEBHOOK_SECRET, or --secret")
		}
		header, body, err := t.request(args)
		if err != nil {
			return err
		}
		signing := rooms.Signing{Secret: rooms.NewSecret(secret)}
		if err := outbound.Verify(signing, header, body, time.Now(), tolerance); err != nil {
			return err
		}
		_, err = fmt.Fprintln(t.out, "the signature holds")
		return err
	}
	return c
}

// request reads a call from a file or standard input.
func (t terminal) request(args []string) (http.Header, []byte, error) {
	in := "-"
	if len(args) > 0 {
		in = args[0]
	}
	f, err := t.rows(in)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	if start, _ := r.Peek(len("POST ")); bytes.Equal(start, []byte("POST ")) {
		if _, err := r.ReadString('\n'); err != nil {
			return nil, nil, errRequest
		}
	}
	header, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return nil, nil, errRequest
	}
	body, err := io.ReadAll(r)
	return http.Header(header), body, err
}

var errRequest = errors.New("headers, an empty line and a body are expected")
