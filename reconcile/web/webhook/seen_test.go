package webhook

import (
	"fmt"
	"testing"
	"time"
)

func TestAReplayIsAnsweredAndDoesNothing(t *testing.T) {
	for _, provider := range Providers() {
		t.Run(provider, func(t *testing.T) {
			s := newStage(t, provider)
			d := signed(provider, "d1", "x", now)
			for i := range 10_000 {
				if code, words := s.send(t, d); code != 200 || (words == "seen already\n") != (i > 0) {
					t.Fatalf("delivery %d: %d %s", i, code, words)
				}
			}
			if s.hints != 1 || s.counted[provider+" accepted"] != 1 || s.counted[provider+" replayed"] != 9999 {
				t.Errorf("%d hints, %v", s.hints, s.counted)
			}
			if code, words := s.send(t, signed(provider, "d2", "y", now)); code != 200 || words != "ok\n" {
				t.Errorf("the next delivery: %d %s", code, words)
			}
		})
	}
}

func TestAReplayUnderAnotherIDIsAReplay(t *testing.T) {
	for provider, id := range map[string]string{"github": "X-GitHub-Delivery", "gitea": "X-Gitea-Delivery", "bitbucket": "X-Request-UUID"} {
		s := newStage(t, provider)
		d := signed(provider, "d1", "x", now)
		s.send(t, d)
		for _, other := range []string{"d2", ""} {
			if _, words := s.send(t, d.with(id, other)); words != "seen already\n" || s.hints != 1 {
				t.Errorf("%s, id %q: %s", provider, other, words)
			}
		}
	}
}

func TestAnIDCountsOnlyAfterItsSignatureWasVerified(t *testing.T) {
	for _, provider := range Providers() {
		s := newStage(t, provider)
		d := signed(provider, "d1", "x", now)
		s.send(t, d.saying("forged"))
		if _, words := s.send(t, d); words != "ok\n" {
			t.Errorf("%s: a stranger took the delivery's place: %s", provider, words)
		}
	}
}

func TestProvidersDoNotShareTheirDeliveries(t *testing.T) {
	s := newStage(t, Providers()...)
	for i, provider := range Providers() {
		if s.send(t, signed(provider, "d1", "x", now)); s.hints != i+1 {
			t.Errorf("%s: %d hints", provider, s.hints)
		}
	}
}

func TestGenericDeliveriesMayAllHaveOneBody(t *testing.T) {
	s := newStage(t, "generic")
	for i := range 3 {
		if s.send(t, signed("generic", fmt.Sprintf("d%d", i), "", now)); s.hints != i+1 {
			t.Errorf("delivery %d: %d hints", i, s.hints)
		}
	}
}

func TestWhatIsRememberedIsBoundedInTimeAndNumber(t *testing.T) {
	var s seen
	s.first(now, "a")
	if s.first(now.Add(remembered-time.Nanosecond), "a") || !s.first(now.Add(remembered), "a") {
		t.Error("the window is another one")
	}
	for i := range 3 * places {
		if at := now.Add(2 * remembered); !s.first(at, fmt.Sprint("id", i), fmt.Sprint("mac", i)) || s.first(at, fmt.Sprint("id", i)) {
			t.Fatalf("delivery %d", i)
		}
		if len(s.known) > places || len(s.order) != len(s.known) {
			t.Fatalf("%d names, %d in order", len(s.known), len(s.order))
		}
	}
	if remembered <= 2*tolerance {
		t.Error("a signed delivery can outlive its memory")
	}
}
