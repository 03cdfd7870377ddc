package ec2sim

import "time"

// limit is a token bucket of EC2: how many calls at once, and how many a second
// in the long run. A bucket belongs to the account and Region, so all principals
// of the world share it.
type limit struct {
	bucket string // actions with the same name share the tokens
	size   float64
	refill float64 // per simulated second
}

// The published figures for the actions that the simulator knows.
func natLimit() limit               { return limit{"nat-addresses", 10, 1} }
func interfaceLimit() limit         { return limit{"private-ip-addresses", 100, 5} }
func otherLimit() limit             { return limit{"mutating", 50, 5} }
func readLimit(action string) limit { return limit{action, 100, 20} }
func wholeListLimit() limit         { return limit{"DescribeNetworkInterfaces unfiltered", 50, 10} }

// bucket is the state of one limit.
type bucket struct {
	tokens float64
	at     time.Duration // simulated time of the last look
}

// take takes a token out of the limit's bucket, if there is one.
func (s *Server) take(l limit) bool {
	if s.world.Throttling != nil && !*s.world.Throttling {
		return true
	}
	b, ok := s.buckets[l.bucket]
	if !ok {
		b = &bucket{tokens: l.size, at: s.elapsed}
		s.buckets[l.bucket] = b
	}
	b.tokens = min(l.size, b.tokens+l.refill*(s.elapsed-b.at).Seconds())
	b.at = s.elapsed
	// Ten refills of 0.1 add up to a hair less than 1.
	const hair = 1e-9
	if b.tokens < 1-hair {
		return false
	}
	b.tokens--
	return true
}
