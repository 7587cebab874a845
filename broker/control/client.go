package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/broker"
)

// ErrNotRunning says that no node answers on the socket, or it is not ours to open.
var ErrNotRunning = errors.New("control: no node of a cluster or pair answers there (is it up, and are you its user or root? a single node has no such socket)")

// Client speaks to a node on this machine.
type Client struct{ http *http.Client }

// Dial makes a client for the node that uses a store. It connects with each call.
func Dial(store string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(store, socketFile))
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Status tells how the cluster stands.
func (c *Client) Status(ctx context.Context) (st broker.Status, err error) {
	err = c.get(ctx, "/status", &st)
	return st, err
}

// Verify compares what the nodes hold of every stream, and gives the copies that are not like
// the first of their stream, each after that one; none if all are alike.
func (c *Client) Verify(ctx context.Context) (unlike []broker.Copy, err error) {
	all, err := c.Copies(ctx)
	if err != nil {
		return nil, err
	}
	first := map[string]broker.Copy{}
	for _, held := range all {
		one, seen := first[held.Stream]
		if !seen {
			first[held.Stream] = held
		}
		if !held.Alike(held) || seen && !one.Alike(held) {
			unlike = append(unlike, one, held)
		}
	}
	return unlike, nil
}

// Copies tells what each node holds of every stream.
func (c *Client) Copies(ctx context.Context) (all []broker.Copy, err error) {
	err = c.get(ctx, "/copies", &all)
	return all, err
}

func (c *Client) get(ctx context.Context, path string, out any) error {
	body, err := c.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.UnmarshalRead(body, out); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}

// StepDown moves the leaders that a node has, or all where from is "", to another, or
// anywhere where to is "".
func (c *Client) StepDown(ctx context.Context, from, to string, say func(string)) error {
	return c.follow(ctx, "/stepdown", url.Values{"from": {from}, "to": {to}}, say)
}

// Remove takes a node that is off out of the cluster.
func (c *Client) Remove(ctx context.Context, node string, say func(string)) error {
	return c.follow(ctx, "/remove", url.Values{"node": {node}}, say)
}

// Await waits until a node has joined and everything is whole.
func (c *Client) Await(ctx context.Context, node string, say func(string)) error {
	return c.follow(ctx, "/await", url.Values{"node": {node}}, say)
}

// Promote lets the node go on without its peer.
func (c *Client) Promote(ctx context.Context, peer string, say func(string)) error {
	return c.follow(ctx, "/promote", url.Values{"node": {peer}}, say)
}

// follow makes a call and hands on its steps until it has ended.
func (c *Client) follow(ctx context.Context, path string, form url.Values, say func(string)) error {
	body, err := c.call(ctx, http.MethodPost, path, form)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("control: %w", err)
		}
		switch {
		case l.Done:
			return nil
		case l.Error != "":
			return errors.New(l.Error)
		}
		say(l.Step)
	}
	return errors.Join(errors.New("control: the node ended the connection; what was begun may have been done"), lines.Err())
}

func (c *Client) call(ctx context.Context, method, path string, form url.Values) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://node"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrNotRunning
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // whatever it has to say
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return answer.Body, nil
}
