package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// openHistory opens the record for writing and fills the ledger from it. holder says
// who has it, and where others may ask meanwhile.
func openHistory(ctx context.Context, path string, holder history.Holder, ledger *history.Ledger) (*history.File, error) {
	holder.PID, holder.Since = os.Getpid(), time.Now().UTC()
	store, err := history.Open(path, holder)
	if err != nil {
		return nil, err
	}
	if err := fill(ledger, store.Records(ctx, 0)); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func fill(ledger *history.Ledger, records iter.Seq2[history.Record, error]) error {
	for r, err := range records {
		if err != nil {
			return err
		}
		ledger.Add(r)
	}
	return nil
}

// ledger reads what the record says, for commands that only look. Without a
// record, or while one cannot be read, they go by EC2 alone and say so.
func (a *app) ledger(ctx context.Context, path string) *history.Ledger {
	l := history.NewLedger()
	records, err := readHistory(ctx, path)
	if err != nil && !errors.Is(err, history.ErrNoHistory) {
		fmt.Fprintf(a.stderr, "sluice: going on without the record: %s\n", printable(err.Error()))
	}
	for _, r := range records {
		l.Add(r)
	}
	return l
}

// readHistory returns all records, from the file or from the daemon that holds
// it. The file is closed again before anything is done with them: a reader that
// prints through a pager must not keep a writer out.
func readHistory(ctx context.Context, path string) ([]history.Record, error) {
	file, err := history.OpenReadOnly(path)
	var held *history.HeldError
	if errors.As(err, &held) && held.Holder.API != "" {
		return collect(fetchHistory(ctx, held.Holder))
	}
	if err != nil {
		return nil, err
	}
	records, err := collect(file.Records(ctx, 0))
	return records, errors.Join(err, file.Close())
}

func collect(records iter.Seq2[history.Record, error]) ([]history.Record, error) {
	var list []history.Record
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// fetchHistory asks a daemon's API for all records.
func fetchHistory(ctx context.Context, holder history.Holder) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, holder.API+"/api/v1/history", nil)
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		if holder.Token != "" {
			req.Header.Set("Authorization", "Bearer "+holder.Token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			yield(history.Record{}, fmt.Errorf("the daemon that holds the record does not answer: %w", err))
			return
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			yield(history.Record{}, fmt.Errorf("the daemon that holds the record answered %s", resp.Status))
			return
		}
		decode(resp.Body, yield)
	}
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
