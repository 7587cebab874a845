package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// The demonstration's sender is that of the examples in GovStack's e-mail API, whose published tests misspell its name.
const (
	demoSender       = "sender@example.com"
	demoOrganisation = "Example Medical Institution"
	demoMisspelt     = "Example Medical Insitution"
	demoNumber       = "GOV1234567890"
)

// giveKeys makes keys of the e-mail API the demo client's, which is registered as a sender then. What is there stays.
func giveKeys(ctx context.Context, admin *client.Client, to *registry.APIKeys, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := admin.Client(ctx, demoPublisher)
	var p *client.Problem
	if errors.As(err, &p) && p.Code == v1.ProblemCodeUnknownClient {
		_, err = admin.PutClient(ctx, demoPublisher, "", v1.ClientChange{
			Organisation: demoOrganisation, Email: []string{demoSender}, Names: []string{demoMisspelt}, RegistrationNumber: demoNumber,
		})
	}
	if err != nil {
		return fmt.Errorf("register the demo client: %w", err)
	}
	_, err = admin.CreateRoom(ctx, v1.NewRoom{
		Name: string(rooms.EmailRoom(demoPublisher)), Title: demoOrganisation, Publishers: []v1.Publisher{{Client: demoPublisher, Direct: true}},
	})
	if err != nil && (!errors.As(err, &p) || p.Code != v1.ProblemCodeRoomExists) {
		return fmt.Errorf("create the room for e-mails: %w", err)
	}
	for _, key := range keys {
		secret, err := rooms.ParseAPIKey(key)
		if err == nil {
			_, err = to.Put(ctx, demoPublisher, demoAdmin, secret)
		}
		if err != nil {
			return fmt.Errorf("--api-key: %w", err)
		}
	}
	return nil
}
