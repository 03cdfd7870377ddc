package ec2sim

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Options say how a simulator runs.
type Options struct {
	Now   func() time.Time // time.Now when nil; it may go back, and the world then stands still
	Speed float64          // simulated seconds per second of Now; 1 when 0 or less
	Seed  uint64           // of the faults' probability and of the request ids
}

// Server is a simulated EC2 for one account and Region. It is safe for concurrent
// use, and it runs no goroutine: time passes when somebody looks.
type Server struct {
	now     func() time.Time
	speed   float64
	started time.Time
	actions map[string]action

	mu      sync.Mutex // holds everything below
	world   World      // inner lists are replaced, never written into: see glance
	asOf    time.Time  // the instant that world stands for
	elapsed time.Duration
	pasts   []past
	buckets map[string]*bucket
	rng     *rand.Rand
	fired   map[string]int
	calls   []Call
	seq     int
	tokens  map[string]use // by ClientToken
}

// New starts a simulator from a world. What the world leaves open gets its
// default, but nothing is validated: that is [ParseWorld]'s job.
func New(w World, opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Speed <= 0 {
		opts.Speed = 1
	}
	s := &Server{
		now: opts.Now, speed: opts.Speed, started: opts.Now(), actions: actions(),
		world: w.clone(), buckets: map[string]*bucket{}, fired: map[string]int{}, tokens: map[string]use{},
		rng: rand.New(rand.NewPCG(opts.Seed, 0x5ec2)),
	}
	s.asOf = s.started
	s.world.withDefaults()
	s.remember()
	return s
}

// catchUp brings the world to the present. A clock that went back stands still.
func (s *Server) catchUp() {
	now := s.now()
	d := now.Sub(s.asOf)
	s.asOf = now
	if d <= 0 {
		return
	}
	if s.speed != 1 {
		d = time.Duration(float64(d) * s.speed)
	}
	s.elapsed += d
	s.world.advance(d)
}

// World returns a copy of the state as it is now.
func (s *Server) World() World {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	return s.world.clone()
}

// Edit changes anything, as a rival or an operator behind sluice's back would.
// The change is not validated; edit must not call the server.
func (s *Server) Edit(edit func(*World)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	w := s.world.clone()
	edit(&w)
	s.world = w.clone() // edit may have kept hold of parts of w
	s.world.withDefaults()
	s.remember()
}

// Inject arms a fault beside those that are armed. To clear faults, empty
// World.Faults with [Server.Edit]. The error says of each field what is wrong with it;
// then nothing is armed.
func (s *Server) Inject(f Fault) error {
	if err := f.validate(); err != nil {
		return fmt.Errorf("the fault was not armed: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f = f.clone()
	f.fired = 0
	s.world.Faults = append(slices.Clone(s.world.Faults), f)
	return nil
}

// Fired says how often faults of each kind have changed something.
func (s *Server) Fired() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.fired)
}

// Call is one request as the simulator saw it.
type Call struct {
	Time       time.Time  `json:"time"`      // by Options.Now
	Seq        int        `json:"seq"`       // from 1
	Action     string     `json:"action"`    // as sent, known or not
	DryRun     bool       `json:"dryRun"`    // asked for, whether the action has it or not
	Principal  string     `json:"principal"` // the access key id; "" when it named none
	SourceIP   string     `json:"sourceIp"`  // 192.0.2.1 without a socket
	UserAgent  string     `json:"userAgent"`
	Parameters url.Values `json:"parameters"` // as sent, without what signs the request
	Code       string     `json:"code"`       // the error code, or "" for a success
	Status     int        `json:"status"`     // the HTTP status; 0 when no answer went out
	RequestID  string     `json:"requestId"`
	Effect     bool       `json:"effect"` // the world was changed, whatever was answered
	Lost       bool       `json:"lost"`   // no answer went out
}

// keepCalls bounds the call log; the oldest calls fall off, Seq tells how many.
const keepCalls = 100_000

// Calls returns the call log, oldest first; the caller may change it. LookupEvents and
// the simulator's own pages are not in it.
func (s *Server) Calls() []Call { return s.CallsAfter(0) }

// CallsAfter returns the calls of the log whose Seq is higher than seq, oldest first.
func (s *Server) CallsAfter(seq int) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.calls, seq, func(c Call, seq int) int { return cmp.Compare(c.Seq, seq+1) })
	list := slices.Clone(s.calls[i:])
	for i := range list {
		list[i].Parameters = cloneValues(list[i].Parameters)
	}
	return list
}

// record appends to the call log.
func (s *Server) record(c Call) {
	s.calls = append(s.calls, c)
	if len(s.calls) > keepCalls {
		s.calls = slices.Delete(s.calls, 0, len(s.calls)-keepCalls)
	}
}

// cloneValues copies parameters, so that no caller reaches into the log.
func cloneValues(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for key, list := range v {
		c[key] = slices.Clone(list)
	}
	return c
}

// requestID makes an id that looks like EC2's and is the same on every run.
func (s *Server) requestID() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		uint32(a>>32), uint16(a>>16), a&0xfff, b>>52, b&0xffffffffffff)
}
