package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/cloudtrail"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/eventqueue"
)

// trail opens a target's CloudTrail.
func (a *app) trail(ctx context.Context, name string, t config.Target) (reconcile.Trail, error) {
	settings, err := ec2.Settings(ctx, ec2.Config{Target: name, Region: t.Region, Profile: t.Profile, RoleARN: t.RoleARN, Simulated: a.simulated})
	if err != nil {
		return nil, err
	}
	return cloudtrail.New(settings, cloudtrail.Options{Endpoint: t.CloudTrailEndpoint}), nil
}

// eventQueue opens the queue of events.
func (a *app) eventQueue(ctx context.Context, q config.SQS, log *slog.Logger, hint func(), count func(string)) (*eventqueue.Queue, error) {
	settings, err := ec2.Settings(ctx, ec2.Config{Target: "hints.sqs", Region: q.Region, Profile: q.Profile, RoleARN: q.RoleARN})
	if err != nil {
		return nil, err
	}
	return eventqueue.New(settings, eventqueue.Options{URL: q.QueueURL, Endpoint: q.Endpoint, Hint: hint, Count: count, Log: log}), nil
}

// adoptCommand is what a person types, where the repository of the specs is checked
// out, to have a spec say what is live.
func adoptCommand(cfg config.Config) func(target, id string) string {
	return func(_, id string) string {
		from := "--config " + quoted(cfg.File)
		if cfg.File == "" {
			from = "--dir " + quoted(cfg.Specs.Dir)
		}
		return "sluice import --pr " + id + " " + from + " | git apply"
	}
}

// quoted writes a word as a shell takes it.
func quoted(word string) string {
	odd := strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
	if odd == "" && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
