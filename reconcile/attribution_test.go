package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/cloudtrail"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// trailed is a stage whose simulator answers LookupEvents, and whose loop asks.
func trailed(t *testing.T, lag, worldMore string, correct bool) *stage {
	t.Helper()
	s := newStage(t, world("10.0.1.20")+"cloudTrail: {enabled: true, lag: "+lag+"}\n"+worldMore, gateway("10.0.1.20"))
	s.config = func(c *reconcile.Config) {
		c.Calendar = everyQuarter(t, correct)
		target := c.Targets["default"]
		target.Trail = cloudtrail.New(aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("sluice", "secret", ""),
		}, cloudtrail.Options{Endpoint: "http://sim", Transport: s.sim.Transport()})
		c.Targets["default"] = target
	}
	return s
}

const takeAway = "UnassignPrivateNatGatewayAddress"

func TestWhoMadeADriftIsFoundOutAndRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "8m", "", false)
		s.serve(2*time.Hour, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.somebody("mallory", takeAway, gatewayID, "10.0.1.20")
			time.Sleep(16 * time.Minute)
			if d := driftOf(l); d == nil || d.Addresses[0].Who == nil && !strings.Contains(d.Note, "being looked up") {
				t.Errorf("while it is asked: %+v", d)
			}
			time.Sleep(40 * time.Minute)
			d := driftOf(l)
			if d == nil || d.Addresses[0].Who == nil {
				t.Fatalf("nobody is named: %+v", d)
			}
			who := d.Addresses[0].Who
			if who.Principal != "arn:aws:iam::123456789012:user/mallory" || who.Operation != takeAway || who.SourceIP != "192.0.2.1" ||
				who.EventID == "" || who.Time.IsZero() || who.Sluice || d.Note != "" {
				t.Errorf("%+v, note %q", who, d.Note)
			}
		})
		records := s.records(history.KindAttributed)
		if len(records) != 1 || records[0].Of != s.records(history.KindDrift)[0].Seq || records[0].Drift[0].Who.Principal != "arn:aws:iam::123456789012:user/mallory" {
			t.Errorf("records %+v", records)
		}
	})
}

func TestWhoUndidACorrectionStandsInItsRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "1m", "", true)
		s.serve(8*time.Hour, func(l *reconcile.Loop) {
			for range 7 {
				time.Sleep(30 * time.Minute)
				if g := s.sim.World().NatGateways[0]; len(g.Secondary) == 1 && len(g.Transitions) == 0 {
					s.somebody("mallory", takeAway, gatewayID, "10.0.1.20")
				}
			}
			time.Sleep(3 * time.Hour)
			d := driftOf(l)
			if d == nil || !d.Contested || len(d.Rounds) != 5 {
				t.Fatalf("%+v", d)
			}
			for i, r := range d.Rounds {
				if r.Who == nil || !strings.HasSuffix(r.Who.Principal, "/mallory") {
					t.Errorf("round %d: %+v", i, r)
				}
			}
		})
	})
}

// fullDisk has no room for the records of who made a drift, for a while.
type fullDisk struct {
	history.Store
	refusals int
}

func (d *fullDisk) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	for _, r := range records {
		if r.Kind == history.KindAttributed && d.refusals > 0 {
			d.refusals--
			return nil, errors.New("no space left on device")
		}
	}
	return d.Store.Append(ctx, records...)
}

func TestWhoMadeADriftIsRecordedOnceThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "1m", "", false)
		config := s.config
		disk := &fullDisk{refusals: 3}
		s.config = func(c *reconcile.Config) {
			config(c)
			disk.Store, c.History = c.History, disk
		}
		s.serve(3*time.Hour, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.somebody("mallory", takeAway, gatewayID, "10.0.1.20")
			time.Sleep(2 * time.Hour)
			if d := driftOf(l); d == nil || d.Addresses[0].Who == nil || d.Note != "" {
				t.Errorf("%+v", d)
			}
		})
		if records := s.records(history.KindAttributed); disk.refusals != 0 || len(records) != 1 || records[0].Drift[0].Who == nil {
			t.Errorf("%d refusals left, records %+v", disk.refusals, records)
		}
	})
}

func TestSluicesOwnCallsAreNobodysDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "0s", "", false)
		// sluice itself takes .22 away; later somebody edits the world without a call.
		s.specs.commit(gateway("10.0.1.20", "10.0.1.22"))
		s.converge()
		s.specs.commit(gateway("10.0.1.20"))
		s.converge()
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
		s.serve(3*time.Hour, func(l *reconcile.Loop) {
			time.Sleep(2 * time.Hour)
			if d := driftOf(l); d == nil || d.Addresses[0].Who != nil || d.Note != "CloudTrail names nobody" {
				t.Errorf("%+v", d)
			}
		})
	})
}

func TestWithoutPermissionThatIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "0s", "denied: [{accessKeyId: sluice, actions: [LookupEvents]}]\n", false)
		var log bytes.Buffer
		config := s.config
		s.config = func(c *reconcile.Config) {
			config(c)
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
		}
		s.serve(5*time.Hour, func(l *reconcile.Loop) {
			for range 3 {
				time.Sleep(time.Hour)
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
				time.Sleep(30 * time.Minute)
				if d := driftOf(l); d == nil || !strings.Contains(d.Note, "cloudtrail:LookupEvents is not allowed") {
					t.Errorf("%+v", d)
				}
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = []string{"10.0.1.20"} })
			}
			if l.Status().TurnError != "" {
				t.Errorf("an error: %s", l.Status().TurnError)
			}
		})
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

// hanging is a trail that does not answer.
type hanging struct{ asked chan struct{} }

func (h hanging) Calls(ctx context.Context, _ inventory.TrailQuery) ([]inventory.TrailEvent, error) {
	select {
	case h.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, errors.New("hangs")
}

func TestATrailThatHangsHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailed(t, "0s", "", true)
		trail := hanging{make(chan struct{}, 1)}
		config := s.config
		s.config = func(c *reconcile.Config) {
			config(c)
			target := c.Targets["default"]
			target.Trail = trail
			c.Targets["default"] = target
		}
		s.serve(time.Hour, func(*reconcile.Loop) {
			time.Sleep(time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			<-trail.asked
			time.Sleep(10 * time.Second)
			if got := s.secondaries(); got != ".20" {
				t.Errorf("holds %q: the correction waited for CloudTrail", got)
			}
		})
	})
}
