package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// remoteLog is the record as the API of the daemon that holds it hands it out.
type remoteLog struct{ holder history.Holder }

// Checkpoint implements history.Log.
func (l remoteLog) Checkpoint(ctx context.Context) (*history.Checkpoint, error) {
	var cp *history.Checkpoint
	err := l.get(ctx, "/api/v1/history/checkpoint", func(body io.Reader) error {
		if err := json.NewDecoder(body).Decode(&cp); err != nil {
			return fmt.Errorf("the daemon's answer: %w", err)
		}
		return nil
	})
	return cp, err
}

// Records implements history.Log.
func (l remoteLog) Records(ctx context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		goOn := true
		err := l.get(ctx, fmt.Sprintf("/api/v1/history?from=%d", from), func(body io.Reader) error {
			decode(body, func(r history.Record, err error) bool {
				goOn = yield(r, err) && err == nil
				return goOn
			})
			return nil
		})
		if err != nil && goOn {
			yield(history.Record{}, err)
		}
	}
}

func (l remoteLog) get(ctx context.Context, path string, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.holder.API+path, nil)
	if err != nil {
		return err
	}
	if l.holder.Token != "" {
		req.Header.Set("Authorization", "Bearer "+l.holder.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the daemon that holds the record does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the daemon that holds the record answered %s", resp.Status)
	}
	return read(resp.Body)
}

// decode reads JSON lines; a line {"error": …} is the daemon's own failure.
func decode(r io.Reader, yield func(history.Record, error) bool) {
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var line struct {
			history.Record
			Error string `json:"error"`
		}
		err := dec.Decode(&line)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err == nil && line.Error != "":
			err = errors.New(strings.TrimSpace(line.Error))
		case err != nil:
			err = fmt.Errorf("the daemon's answer: %w", err)
		}
		if !yield(line.Record, err) || err != nil {
			return
		}
	}
}
