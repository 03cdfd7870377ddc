package gitsource

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/storage/memory"
)

// line looks at the near past first, which is enough for most changes.
func (l *local) line(ctx context.Context, from, to, _ plumbing.Hash) (*Line, error) {
	store, err := l.open()
	if err != nil {
		return nil, err
	}
	r := &treeReader{gather: &gather{cfg: l.cfg, where: l.where}, ctx: ctx, store: disk{store}}
	var found *Line
	for _, generations := range []int{nearLine, maxLine} {
		a, err := r.ancestry(generations, to, from)
		if err != nil {
			return nil, err
		}
		if found, err = r.line(a, from, to); err != nil || found.settled() {
			return found, err
		}
	}
	return found, nil
}

func (r *remote) line(ctx context.Context, from, to, tip plumbing.Hash) (*Line, error) {
	ready, ended, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	found, err := ready.walk(ctx, from, to, tip)
	ended(err)
	return found, err
}

// walk asks for the near past of the ref alone, which settles most changes. Else
// for more of it, and, where the server allows that, for the older commit's past
// too, which proves nothing but tells a person what happened. The remote was
// resolved.
func (r *remote) walk(ctx context.Context, from, to, tip plumbing.Hash) (*Line, error) {
	if r.cfg.Runner != nil {
		return r.elsewhere().line(ctx, from, to, tip)
	}
	found, err := r.lookBack(ctx, nearLine, from, to, tip)
	if err != nil || found.settled() {
		return found, err
	}
	more, err := r.lookBack(ctx, maxLine, from, to, tip, from)
	if errors.Is(err, errNotHandedOut) {
		if found.Gap == "" {
			return found, nil
		}
		return r.lookBack(ctx, maxLine, from, to, tip)
	}
	return more, err
}

// maxCommits bounds the bytes of commits without their files.
const maxCommits = 64 << 20

// errNotHandedOut is a server that does not give a commit by its id.
var errNotHandedOut = errors.New("the commit is not handed out by its id")

// lookBack fetches commits, as far back as generations say, and walks them.
func (r *remote) lookBack(ctx context.Context, generations int, from, to plumbing.Hash, wants ...plumbing.Hash) (*Line, error) {
	store, err := r.commits(ctx, generations, wants)
	if err != nil {
		return nil, err
	}
	t := &treeReader{gather: &gather{cfg: r.cfg, where: r.addr.shown}, ctx: ctx, store: store}
	a, err := t.ancestry(math.MaxInt, to, from)
	if err != nil {
		return nil, err
	}
	return t.line(a, from, to)
}

// commits is the second place where content comes from a server; all of a hostile
// server's work is done inside it.
func (r *remote) commits(ctx context.Context, generations int, wants []plumbing.Hash) (*memory.Storage, error) {
	b := r.newBudget()
	s, err := r.open(ctx, b)
	if err != nil {
		return nil, r.explain(err, b)
	}
	defer s.Close()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, r.explain(err, b)
	}
	byID := adv.Capabilities.Supports(capability.AllowReachableSHA1InWant)
	for _, id := range wants[1:] {
		if !byID && !advertises(adv, id) {
			return nil, errNotHandedOut
		}
	}
	limits := r.cfg.Limits
	req, err := r.request(adv, wants[0])
	if err != nil {
		return nil, err
	}
	req.Wants = wants
	if !req.Depth.IsZero() {
		req.Depth = packp.DepthCommits(generations)
	}
	if req.Filter != "" {
		req.Filter = packp.FilterTreeDepth(0) // no tree, so no blob
		limits.Transfer, limits.Unpacked = min(limits.Transfer, maxCommits), min(limits.Unpacked, maxCommits)
	}
	b.raise(limits.Transfer)
	res, err := s.UploadPack(ctx, req)
	if err != nil {
		return nil, r.explainCommits(err, b, wants)
	}
	defer res.Close()
	store, err := loadPack(ctx, r.addr.shown, limits, demultiplex(req.Capabilities, res))
	if errors.Is(err, ErrLimit) && limits.Unpacked < r.cfg.Limits.Unpacked { // no setting raises it
		return nil, failf(ErrLimit, r.addr.shown, "the last %d commits unpack to more than %s, which is the most that is read of them", generations, bytesText(limits.Unpacked))
	}
	if err != nil {
		return nil, r.explainCommits(err, b, wants)
	}
	return store, nil
}

// explainCommits knows the words of a server that has no such commit any more.
func (r *remote) explainCommits(err error, b *budget, wants []plumbing.Hash) error {
	if text := err.Error(); len(wants) > 1 && (strings.Contains(text, "not our ref") || strings.Contains(text, "unadvertised object")) {
		return errNotHandedOut
	}
	return r.explain(err, b)
}
