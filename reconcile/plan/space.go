package plan

import (
	"net/netip"
	"slices"
)

// space says what lies where among IPv4 networks; a single address is a /32.
// Networks are found by their exact bits, so that a question costs a few look-ups
// whatever the number of networks. The zero value is empty.
type space[V any] struct {
	at   map[netip.Prefix][]V
	bits []int // the lengths that occur
}

func (s *space[V]) add(cidr netip.Prefix, v V) {
	cidr = cidr.Masked()
	if s.at == nil {
		s.at = map[netip.Prefix][]V{}
	}
	if !slices.Contains(s.bits, cidr.Bits()) {
		s.bits = append(s.bits, cidr.Bits())
		slices.Sort(s.bits)
	}
	s.at[cidr] = append(s.at[cidr], v)
}

// overlapping yields what touches cidr: larger networks first, then by address.
func (s *space[V]) overlapping(cidr netip.Prefix) func(yield func(V) bool) {
	return func(yield func(V) bool) {
		if s == nil {
			return
		}
		for _, bits := range s.bits {
			p := netip.PrefixFrom(cidr.Addr(), bits).Masked()
			for ; p.Overlaps(cidr); p = netip.PrefixFrom(lastAddr(p).Next(), bits) {
				for _, v := range s.at[p] {
					if !yield(v) {
						return
					}
				}
			}
		}
	}
}

// overlaps reports whether anything touches cidr.
func (s *space[V]) overlaps(cidr netip.Prefix) bool {
	for range s.overlapping(cidr) {
		return true
	}
	return false
}

func single(ip netip.Addr) netip.Prefix { return netip.PrefixFrom(ip, 32) }

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// covered reports whether p lies wholly inside one of the networks.
func covered(networks []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool {
		return n.Bits() <= p.Bits() && n.Contains(p.Addr())
	})
}
