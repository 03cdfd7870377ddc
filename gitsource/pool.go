package gitsource

import "github.com/go-git/go-git/v5/plumbing"

// pool keeps the blobs of commits that are read one after another, so that what
// they share is in memory once. A nil pool keeps nothing.
type pool struct {
	blobs map[plumbing.Hash][]byte
	size  int64
	most  int64 // bytes of all blobs
}

func newPool(most int64) *pool { return &pool{blobs: map[plumbing.Hash][]byte{}, most: most} }

func (p *pool) get(h plumbing.Hash) ([]byte, bool) {
	if p == nil {
		return nil, false
	}
	data, held := p.blobs[h]
	return data, held
}

func (p *pool) put(h plumbing.Hash, data []byte, where string) error {
	if p == nil {
		return nil
	}
	if p.size += int64(len(data)); p.size > p.most {
		return failf(ErrLimit, where, "the commits up to here hold more than %d bytes together; name a later revision", p.most)
	}
	p.blobs[h] = data
	return nil
}
