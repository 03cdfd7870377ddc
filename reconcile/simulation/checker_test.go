package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// checker looks from outside, and tests the invariants after each step.
type checker struct {
	w      *world
	mu     sync.Mutex
	logs   map[string]*record // by target; one replica has one for all
	epochs map[string]uint64  // of the last call, by target
	flying map[string]int     // mutating calls in flight, by target
	quiet  bool               // no mutating call may come any more
	reads  int                // of EC2, since quiet was asked for
}

func newChecker(w *world) *checker {
	c := &checker{w: w, logs: map[string]*record{}, flying: map[string]int{}, epochs: map[string]uint64{}}
	whole := newRecord(w.historyFile())
	for _, target := range targets {
		if c.logs[target] = whole; w.pair {
			c.logs[target] = newRecord(w.logFile(target))
		}
	}
	return c
}

// step is a mutating call as it arrives at EC2, with all that the outside knows of it.
type step struct {
	*checker
	record *record // the log that the call's intent stands in
	p      *process
	a      *account
	req    request
	sent   time.Time    // by the machine's clock
	before ec2sim.World // the truth, as the call arrives
	intent history.Record
	found  bool // the intent
	tree   tree // of the intent's commit
	doc    doc  // that names the resource; zero without a name
}

// departs tests what must hold when a mutating call is on the wire.
func (c *checker) departs(p *process, a *account, req request, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying[a.target]++
	record := c.logs[a.target]
	if err := record.read(); err != nil {
		c.w.fail(16, "%v", err)
		return
	}
	s := &step{checker: c, record: record, p: p, a: a, req: req, sent: sent, before: a.sim.World()}
	s.find()
	for _, inv := range invariants {
		if inv.call == nil {
			continue
		}
		if what := inv.call(s); what != "" {
			c.w.fail(inv.number, "%s: %s", req, what)
		}
	}
	if s.found {
		record.used[s.intent.Seq]++
		record.sent[req.id] = s.intent.Seq
	}
	delete(p.look, req.id)
}

// find looks for the call's intent and spec. A dry-run has no intent.
func (s *step) find() {
	if s.req.dryRun {
		return
	}
	for _, rec := range slices.Backward(s.record.intents(s.a.target, s.req.id)) {
		if _, answered := s.record.answers[rec.Seq]; answered {
			break
		}
		if rec.Verb == s.req.verb() && slices.Equal(texts(rec), s.req.subjects()) {
			s.intent, s.found = rec, true
			break
		}
	}
	if !s.found {
		return
	}
	s.tree = s.w.author.commits[s.intent.Commit]
	s.doc = s.named(s.req.id)
}

// named is the document of the commit that names a resource; zero when none does.
func (s *step) named(id string) doc {
	for _, d := range s.tree.docs {
		if d.target != s.a.target {
			continue
		}
		if d.id == id {
			return d
		}
		if g, ok := gateway(s.before, id); ok && d.tag != "" && d.tag == g.Name {
			return d
		}
	}
	return doc{}
}

// texts are the addresses and prefixes of a record as a request has them.
func texts(r history.Record) []string {
	var addresses, prefixes []string
	for _, a := range r.Addresses {
		addresses = append(addresses, a.String())
	}
	for _, p := range r.Prefixes {
		prefixes = append(prefixes, p.String())
	}
	slices.Sort(addresses)
	slices.Sort(prefixes)
	return slices.Concat(addresses, prefixes)
}

// returns ends a mutating call's flight.
func (c *checker) returns(_ *process, a *account, _ request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying[a.target]--
}

// answered tests the state that a request left behind.
func (c *checker) answered(p *process, a *account, req request, call ec2sim.Call, before, after ec2sim.World) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quiet && !req.mutating() {
		c.reads++
	}
	if call.Effect && !req.dryRun && req.verb() == "assign" && holdsAll(after, req) {
		record := c.logs[a.target]
		record.took[record.sent[req.id]] = time.Now()
	}
	for _, inv := range invariants {
		if inv.state == nil {
			continue
		}
		if what := inv.state(&effect{c, c.logs[a.target], a, req, call, before, after}); what != "" {
			c.w.fail(inv.number, "after %s: %s", req, what)
		}
	}
}

// effect is a request with the truth before and after it.
type effect struct {
	*checker
	record        *record
	a             *account
	req           request
	call          ec2sim.Call
	before, after ec2sim.World
}

// read notes what a read by id showed: that is what a call rests on.
func (c *checker) read(p *process, _ *account, req request, answer []byte) {
	if req.id == "" {
		return
	}
	text, found := rows(answer, req.id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if delete(p.look, req.id); found {
		p.look[req.id] = text
	}
}

// turned is called at the end of each turn.
func (c *checker) turned(p *process) {
	c.w.mu.Lock()
	c.w.turns++
	c.w.mu.Unlock()
}

// looks reads what a process shows to people and machines, before it is gone.
func (c *checker) looks(p *process) {
	status, err := json.Marshal(p.loop.Status())
	if err != nil {
		c.w.t.Error(err)
	}
	_, _ = c.leaks("the status").Write(status)
	page := httptest.NewRecorder()
	p.met.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	_, _ = c.leaks("the metrics").Write(page.Body.Bytes())
}

// ended is called when a process has given its file back.
func (c *checker) ended(*process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, record := range c.all() {
		if err := record.read(); err != nil {
			c.w.fail(16, "after the end of a process: %v", err)
		}
		for _, rec := range record.records[max(0, len(record.records)-200):] {
			data, err := json.Marshal(rec)
			if err != nil {
				c.w.t.Error(err)
			}
			_, _ = c.leaks("the history").Write(data)
		}
	}
}

// all lists the logs, each once.
func (c *checker) all() []*record {
	var list []*record
	for _, target := range targets {
		if !slices.Contains(list, c.logs[target]) {
			list = append(list, c.logs[target])
		}
	}
	return list
}

// leak finds canaries in what is written to it.
type leak struct {
	c    *checker
	what string
}

func (c *checker) leaks(what string) io.Writer { return leak{c, what} }

func (l leak) Write(text []byte) (int, error) {
	for _, canary := range []string{canaryKey, canaryToken, canaryGit} {
		if bytes.Contains(text, []byte(canary)) {
			l.c.w.fail(14, "%s holds %s: %s", l.what, canary, clip(text, canary))
		}
	}
	return len(text), nil
}

func clip(text []byte, canary string) string {
	i := strings.Index(string(text), canary)
	return fmt.Sprintf("%q", text[max(0, i-80):min(len(text), i+80)])
}
