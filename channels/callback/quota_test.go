package callback

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/registry"
)

// receiver has a callback, unless nobody has, and answers as it is told.
type receiver struct {
	none    bool
	answers []outbound.Answer
	posted  []outbound.Call
	at      []time.Time
}

func (r *receiver) Get(context.Context, rooms.Client) (registry.Callback, error) {
	if r.none {
		return registry.Callback{}, registry.ErrUnknownCallback
	}
	return registry.Callback{To: rooms.Contact{Channel: rooms.Webhook}}, nil
}

func (r *receiver) Post(_ context.Context, c outbound.Call) outbound.Answer {
	r.posted, r.at = append(r.posted, c), append(r.at, time.Now())
	a := r.answers[0]
	if len(r.answers) > 1 {
		r.answers = r.answers[1:]
	}
	return a
}

func TestLittleIsLeftIsTold(t *testing.T) {
	down, gone, good := outbound.Answer{Err: errors.New("no answer")}, outbound.Answer{Status: http.StatusGone}, outbound.Answer{Status: http.StatusNoContent}
	full := outbound.Answer{Err: &lanes.Full{After: 30 * time.Second}, RetryAfter: 30 * time.Second}
	for name, tc := range map[string]struct {
		receiver receiver
		posted   int
		took     time.Duration
	}{
		"taken":         {receiver{answers: []outbound.Answer{good}}, 1, 0},
		"no callback":   {receiver{none: true}, 0, 0},
		"refused":       {receiver{answers: []outbound.Answer{gone}}, 1, 0},
		"down at once":  {receiver{answers: []outbound.Answer{down, good}}, 2, 2 * time.Second},
		"down":          {receiver{answers: []outbound.Answer{down}}, 3, 22 * time.Second},
		"busy":          {receiver{answers: []outbound.Answer{full, full, full, full, down, good}}, 6, 2*time.Minute + 2*time.Second},
		"busy for long": {receiver{answers: []outbound.Answer{full}}, 23, 10*time.Minute + 22*time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := tc.receiver
			w := &Warner{Clients: &r, Calls: &r, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
			warnings := make(chan quota.Warning)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx, warnings) }()
			began := time.Now()
			one := quota.Warning{Client: "hosp-7", Room: "newborn", Window: "day", Limit: 10, Used: 9, At: began}
			warnings <- one
			synctest.Wait()
			time.Sleep(time.Hour)
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if len(r.posted) != tc.posted || len(r.at) > 0 && r.at[len(r.at)-1].Sub(began) != tc.took {
				t.Errorf("%s: %d posted, %v", name, len(r.posted), r.at)
			}
			for _, p := range r.posted {
				var e struct {
					Type    string         `json:"type"`
					Subject string         `json:"subject"`
					Source  string         `json:"source"`
					ID      string         `json:"id"`
					Data    map[string]any `json:"data"`
				}
				if err := json.Unmarshal(p.Body, &e); err != nil || e.Type != "org.crier.quota.warning" || e.Subject != "hosp-7" || e.Source != "/rooms/newborn/quota" ||
					e.ID != p.ID || !strings.HasPrefix(p.ID, "quota-newborn-") || e.Data["used"] != 9.0 || e.Data["limit"] != 10.0 || e.Data["window"] != "day" {
					t.Errorf("%s: %s %v", name, p.Body, err)
				}
			}
		})
	}
}
