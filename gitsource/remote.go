package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// maxAdvert bounds the list of refs, about half a million of them.
const maxAdvert = 64 << 20

// session is one conversation with git-upload-pack. The library's own satisfies
// it for https; sshSession does for ssh. Closing it closes the connection.
type session interface {
	AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error)
	UploadPack(context.Context, *packp.UploadPackRequest) (*packp.UploadPackResponse, error)
	Close() error
}

// remote reads a repository over https or ssh. Each call opens connections of
// its own and closes them: nothing is shared, so nothing can get stuck.
type remote struct {
	cfg  Config
	addr address
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	as   access // of one conversation
}

// newRemote finds out now, not at the first fetch, what cannot work: files that are
// not there, keys that do not open. What the environment or the network says of
// it can still change.
func newRemote(cfg Config, addr address) (*remote, error) {
	r := &remote{cfg: cfg, addr: addr, dial: (&net.Dialer{}).DialContext}
	if err := cfg.checkAccess(addr); err != nil {
		return nil, err
	}
	return r, nil
}

// open starts a session. What the server sends is taken out of b.
func (r *remote) open(ctx context.Context, b *budget) (session, error) {
	counted := *r
	counted.dial = b.counted(r.dial)
	if r.addr.scheme == "ssh" {
		return counted.openSSH(ctx, b)
	}
	return counted.openHTTP(b)
}

func (r *remote) newBudget() *budget {
	return newBudget(min(maxAdvert, r.cfg.Limits.Transfer), r.cfg.Limits.Transfer)
}

func (r *remote) head(ctx context.Context) (string, error) {
	ready, ended, err := r.resolve(ctx)
	if err != nil {
		return "", err
	}
	commit, err := ready.look(ctx)
	ended(err)
	return commit, err
}

// look and read are whole conversations of a remote that was resolved, in another
// process where there is a Runner.
func (r *remote) look(ctx context.Context) (string, error) {
	if r.cfg.Runner != nil {
		return r.elsewhere().head(ctx)
	}
	b := r.newBudget()
	s, err := r.open(ctx, b)
	if err != nil {
		return "", r.explain(err, b)
	}
	defer s.Close()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return "", r.explain(err, b)
	}
	_, commit, err := r.choose(adv)
	if err != nil {
		return "", err
	}
	return commit.String(), nil
}

func (r *remote) fetch(ctx context.Context) (*Snapshot, error) {
	ready, ended, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	snapshot, err := ready.read(ctx)
	ended(err)
	return snapshot, err
}

// read is the one place where content comes from a server. All of a hostile
// server's work is done inside it.
func (r *remote) read(ctx context.Context) (*Snapshot, error) {
	if r.cfg.Runner != nil {
		return r.elsewhere().fetch(ctx)
	}
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
	tip, _, err := r.choose(adv)
	if err != nil {
		return nil, err
	}
	b.raise(r.cfg.Limits.Transfer)
	req, err := r.request(adv, tip)
	if err != nil {
		return nil, err
	}
	res, err := s.UploadPack(ctx, req)
	if err != nil {
		return nil, r.explainFetch(err, b, adv, tip)
	}
	defer res.Close()
	store, err := loadPack(ctx, r.addr.shown, r.cfg.Limits, demultiplex(req.Capabilities, res))
	if err != nil {
		return nil, r.explainFetch(err, b, adv, tip)
	}
	return readSnapshot(ctx, r.cfg, r.addr.shown, store, tip, req.Filter != "")
}

// elsewhere has another process hold the conversation.
func (r *remote) elsewhere() *elsewhere { return &elsewhere{cfg: r.cfg, addr: r.addr, as: r.as} }

// choose finds the ref in the server's list: the object to ask for, and the
// commit that it leads to. A pinned commit is not looked for in it: servers list what
// refs name, and hand out more than that.
func (r *remote) choose(adv *packp.AdvRefs) (tip, commit plumbing.Hash, err error) {
	if pin := r.cfg.Ref.Commit; pin != "" {
		tip = plumbing.NewHash(pin)
		return tip, tip, nil
	}
	candidates := r.cfg.Ref.full()
	if r.cfg.Ref.Semver != "" {
		best, err := r.cfg.Ref.newest(r.addr.shown, names(adv), func(full string) (plumbing.Hash, error) { return peeled(adv, full), nil })
		if err != nil {
			return tip, commit, err
		}
		candidates = []string{best}
	}
	for _, full := range candidates {
		if tip, ok := adv.References[full]; ok {
			return tip, peeled(adv, full), nil
		}
	}
	if len(candidates) == 0 && adv.Head != nil {
		return *adv.Head, *adv.Head, nil
	}
	return tip, commit, missingRef(r.addr.shown, r.cfg.Ref, names(adv))
}

// peeled is the commit that a ref leads to, as far as the server says so.
func peeled(adv *packp.AdvRefs, full string) plumbing.Hash {
	if commit, ok := adv.Peeled[full]; ok {
		return commit
	}
	return adv.References[full]
}

func names(adv *packp.AdvRefs) []string { return slices.Collect(maps.Keys(adv.References)) }

// request asks for one commit without history, and without blobs that are too
// large to be returned, as far as the server can do that.
func (r *remote) request(adv *packp.AdvRefs, tip plumbing.Hash) (*packp.UploadPackRequest, error) {
	req := packp.NewUploadPackRequestFromCapabilities(adv.Capabilities)
	req.Wants = []plumbing.Hash{tip}
	set := func(c capability.Capability) error {
		if !adv.Capabilities.Supports(c) {
			return errors.ErrUnsupported
		}
		return req.Capabilities.Set(c)
	}
	_ = set(capability.NoProgress) // without it the server only talks more
	if set(capability.Shallow) == nil {
		req.Depth = packp.DepthCommits(1)
	}
	if set(capability.Filter) == nil {
		// The filter leaves out blobs of this size and above.
		req.Filter = packp.FilterBlobLimit(uint64(r.cfg.Limits.FileSize)+1, packp.BlobLimitPrefixNone)
	}
	if err := req.Validate(); err != nil {
		return nil, failf(ErrUnreachable, r.addr.shown, "the server's capabilities do not fit (%s)", words.Quote(err.Error()))
	}
	return req, nil
}

// demultiplex takes the pack out of the side-band, where progress and errors
// of the server travel beside it.
func demultiplex(caps *capability.List, res io.Reader) io.Reader {
	switch {
	case caps.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, res)
	case caps.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, res)
	}
	return res
}

// explainFetch adds what only a fetch can go wrong with: a pinned commit that
// the server will not hand out.
func (r *remote) explainFetch(err error, b *budget, adv *packp.AdvRefs, tip plumbing.Hash) error {
	sentence := r.explain(err, b)
	if r.cfg.Ref.Commit == "" || !errors.Is(sentence, ErrUnreachable) || advertises(adv, tip) {
		return sentence
	}
	hint := fmt.Sprintf("the server has no commit %s, or does not hand it out by its id: check ref.commit, or set ref.tag to a tag of it, or allow uploadpack.allowReachableSHA1InWant on the server", tip)
	// Servers have no code for this, only words, and some just send nothing.
	text := err.Error()
	if strings.Contains(text, "not our ref") || strings.Contains(text, "unadvertised object") || errors.Is(err, packfile.ErrEmptyPackfile) {
		return failf(ErrRefNotFound, r.addr.shown, "%s", hint)
	}
	return fmt.Errorf("%w; or %s", sentence, hint)
}

func advertises(adv *packp.AdvRefs, tip plumbing.Hash) bool {
	if adv.Head != nil && *adv.Head == tip {
		return true
	}
	for _, h := range adv.References {
		if h == tip {
			return true
		}
	}
	return false
}
