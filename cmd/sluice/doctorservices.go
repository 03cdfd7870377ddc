package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/bucket"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/post"
	"github.com/seed-6ca89210/sluice/reconcile/tracing"
)

// serviceGroups look at what the configuration names beside Git and EC2: nothing of it
// may keep the daemon from its work, so nobody else would notice for long that it fails.
func (d *doctor) serviceGroups() []group {
	var groups []group
	add := func(name, subject string, look func(context.Context) []render.Check) {
		groups = append(groups, group{name, subject, look})
	}
	if d.cfg.Drift.Attribution != "" {
		for _, name := range slices.Sorted(maps.Keys(d.cfg.Targets)) {
			add("cloudtrail", name, d.trail(name))
		}
	}
	if d.cfg.Hints.SQS != nil {
		add("queue", "hints.sqs", d.queue)
	}
	if d.cfg.CommitStatus != nil {
		add("status", "commitStatus", d.commitStatus)
	}
	for i, n := range d.cfg.Notify {
		subject := "notify[" + strconv.Itoa(i) + "]"
		add("notify", subject, func(context.Context) []render.Check { return d.notified(subject, n) })
	}
	to, err := d.app.collector(d.cfg)
	if disabled := strings.EqualFold(d.app.getenv("OTEL_SDK_DISABLED"), "true"); !disabled && (to.URL != "" || err != nil) {
		add("traces", cmp.Or(to.Setting, "traces"), func(ctx context.Context) []render.Check { return traced(ctx, to, err) })
	}
	if d.cfg.History.Keep > 0 {
		add("export", d.cfg.History.Export, d.export)
	}
	return groups
}

// trail asks one target's CloudTrail, for a minute of one call.
func (d *doctor) trail(name string) func(context.Context) []render.Check {
	const without = "; until then drift is told without who"
	return func(ctx context.Context) []render.Check {
		target := d.cfg.Targets[name]
		if target.Endpoint != "" && target.CloudTrailEndpoint == "" {
			return warned("cloudtrail", name, "not probed: the target's endpoint is its own, and CloudTrail's would be AWS's", "set cloudTrailEndpoint of the target, or nothing, if that is as it should be")
		}
		client, err := d.app.trail(ctx, name, target)
		if err == nil {
			now := d.app.now()
			_, err = client.Calls(ctx, inventory.TrailQuery{Operation: "AssignPrivateNatGatewayAddress", Since: now.Add(-time.Minute), Until: now})
		}
		switch {
		case err == nil:
			return passed("cloudtrail", name, "LookupEvents")
		case inventory.FaultClass(err) == inventory.ClassUnauthorized:
			return warned("cloudtrail", name, "LookupEvents is denied", "allow cloudtrail:LookupEvents for this principal, or take drift.attribution out"+without)
		}
		return warned("cloudtrail", name, err.Error(), "check the Region, cloudTrailEndpoint and the way from here to CloudTrail"+without)
	}
}

func (d *doctor) queue(ctx context.Context) []render.Check {
	queue, err := d.app.eventQueue(ctx, *d.cfg.Hints.SQS, slog.New(slog.DiscardHandler), func() {}, func(string) {})
	if err == nil {
		err = queue.Check(ctx)
	}
	if err != nil {
		return failed("queue", "hints.sqs", err.Error(),
			"check queueUrl and its Region, and allow sqs:ReceiveMessage and sqs:DeleteMessage on the queue; until then drift is found by schedule only")
	}
	return passed("queue", "hints.sqs", "it can be read; whether messages may be deleted was not probed")
}

// commitStatus looks whether there is a token: to send a status would be to tell one.
func (d *doctor) commitStatus(ctx context.Context) []render.Check {
	c := d.cfg.CommitStatus
	token, _, err := d.app.statusToken(d.cfg)
	if err == nil {
		var transport *http.Transport
		if transport, err = post.Transport(c.CAFile, c.Proxy); err == nil {
			defer transport.CloseIdleConnections()
			_, err = token(ctx, &http.Client{Transport: transport, CheckRedirect: post.Stay})
		}
	}
	if err != nil {
		return failed("status", "commitStatus", err.Error(), "put this right; until then the Git host is not told what becomes of commits")
	}
	return passed("status", "commitStatus", "there is a token; nothing was sent")
}

// notified looks whether the secrets of a receiver can be read: there is no message
// that nobody would see.
func (d *doctor) notified(subject string, n config.Notify) []render.Check {
	what, secret, caFile := "token", config.Secret{}, ""
	switch {
	case n.CloudEvents != nil:
		secret, caFile = n.CloudEvents.Token, n.CloudEvents.CAFile
	case n.Slack.Channel != "":
		secret, caFile = n.Slack.Token, n.Slack.CAFile
	default:
		what, secret, caFile = "url", n.Slack.URL, n.Slack.CAFile
	}
	err := d.readable(what, secret)
	if err == nil {
		_, err = post.Transport(caFile, "")
	}
	if err != nil {
		return failed("notify", subject, err.Error(), "put this right; until then nobody is told anything there")
	}
	return passed("notify", subject, "what it names can be read; nothing was sent")
}

// readable reads a secret, where there is one.
func (d *doctor) readable(what string, from config.Secret) error {
	if from == (config.Secret{}) {
		return nil
	}
	read, err := d.app.secret(what, from)
	if err == nil {
		_, err = read()
	}
	return err
}

func traced(ctx context.Context, to tracing.Collector, err error) []render.Check {
	if err == nil {
		err = tracing.Check(ctx, to)
	}
	if err != nil {
		return failed("traces", cmp.Or(to.Setting, "traces"), err.Error(), "put this right; until then there are no traces")
	}
	return passed("traces", to.Setting, "the collector takes an empty batch")
}

// export looks at the place where old records go before they are deleted.
func (d *doctor) export(ctx context.Context) []render.Check {
	const meanwhile = "; until then nothing is deleted, and the record grows"
	place := d.cfg.History.Export
	if !strings.HasPrefix(place, "s3://") {
		_, err := abandon(ctx, new(exportFolders).at(place), func() (struct{}, error) { return struct{}{}, d.writable(place) })
		if errors.Is(err, context.DeadlineExceeded) {
			return failed("export", place, fmt.Sprintf("no answer within %s", d.deadline), lookForServer+meanwhile)
		}
		if err != nil {
			return failed("export", place, err.Error(), "let this user write the folder, or name another one in history.export"+meanwhile)
		}
		said := "it can be written"
		if exportsTogether(d.cfg.History) {
			said += "; " + shareFolder
		}
		return passed("export", place, said)
	}
	err := d.bucket(ctx, place)
	switch {
	case err == nil:
		return passed("export", place, "the bucket is there and takes the credentials; whether they may write was not probed")
	case errors.Is(err, bucket.ErrHidden):
		return warned("export", place, fmt.Sprintf("the bucket can be reached, but not known to be usable: %v", err),
			"make sure of s3:PutObject and s3:GetObject there; with s3:ListBucket this check says more")
	}
	return failed("export", place, err.Error(), "check the bucket's name, AWS_REGION and the credentials that sluice is started with"+meanwhile)
}

func (d *doctor) bucket(ctx context.Context, place string) error {
	p, err := bucket.Parse(place)
	if err != nil {
		return err
	}
	b, err := bucket.Open(ctx, p)
	if err != nil {
		return err
	}
	return b.Check(ctx)
}
