package main

import (
	"strings"
	"syscall"
	"testing"
)

// reload gives a replica a configuration without one target, or with all, and waits until
// that is in force.
func (s *replicaStage) reload(r *replicaProcess, without string) {
	s.t.Helper()
	before := s.overviewOf(r).Config.Loaded
	r.drops = without
	r.configure()
	s.signal(r, syscall.SIGHUP)
	s.await("the new configuration of "+r.name, func() string {
		if now := s.overviewOf(r).Config; !now.Loaded.After(before) {
			return "it says " + now.Error
		}
		return ""
	})
}

// TestTargetsComeAndGoInOneReplicaAfterAnother: on SIGHUP, while commits go on.
func TestTargetsComeAndGoInOneReplicaAfterAnother(t *testing.T) {
	s := newReplicaStage(t, 2)
	defer func() {
		if t.Failed() {
			s.tellLogs()
		}
	}()
	a, b := s.replicas[0], s.replicas[1]
	s.await("all targets to be held", func() string {
		if len(s.holders()) < len(replicaTargets) {
			return "not all are"
		}
		return ""
	})
	s.reload(a, "test")
	s.await("the other to have it", func() string {
		if s.holders()["test"] != b {
			return "it has not"
		}
		return ""
	})
	s.want("10.0.1.20, 10.0.1.21")
	s.await("the targets to be as the commit asks", s.converged)
	for _, l := range s.overviewOf(a).Leases {
		if l.Target == "test" && (l.Here || l.URL != b.url()) {
			t.Errorf("the one that dropped it says %+v", l)
		}
	}

	s.reload(b, "test")
	s.await("nobody to have it", func() string {
		if _, held := s.holders()["test"]; held {
			return "somebody has"
		}
		return ""
	})
	calls := len(s.ec2["test"].seen())
	s.want("10.0.1.21")
	s.await("the others to be as the commit asks", func() string {
		if missing := s.converged(); !strings.HasPrefix(missing, "test holds") {
			return missing
		}
		return ""
	})
	if n := len(s.ec2["test"].seen()); n != calls {
		t.Errorf("%d calls in a target that nobody has", n-calls)
	}
	if body, _ := s.page(a, "/history?log=test"); !strings.Contains(body, `<li id="etest.`) {
		t.Errorf("its record is not shown any more:\n%s", body)
	}

	s.reload(a, "")
	s.await("the target that is back to be as the commit asks", s.converged)
	s.reload(b, "")
	s.want("10.0.1.20, 10.0.1.22")
	s.await("all to be as the last commit asks", s.converged)
	if calls, stale := s.noTwoActors(), s.staleCalls(); calls == 0 || stale > 0 {
		t.Errorf("%d calls, %d stale", calls, stale)
	}
}
