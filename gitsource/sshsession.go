package gitsource

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// sshSession speaks to git-upload-pack over one ssh channel. It stands in for the
// library's ssh transport, whose connection can neither be counted nor closed
// from outside.
type sshSession struct {
	client *ssh.Client
	run    *ssh.Session
	in     io.WriteCloser
	out    io.Reader
	stderr tail
}

func (r *remote) openSSH(ctx context.Context, b *budget) (session, error) {
	client, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &sshSession{client: client}
	if err := s.start(r.addr.path, b); err != nil {
		_ = client.Close()
		return nil, err
	}
	return s, nil
}

func (s *sshSession) start(path string, b *budget) error {
	run, err := s.client.NewSession()
	if err != nil {
		return err
	}
	s.run = run
	run.Stderr = &s.stderr
	if s.in, err = run.StdinPipe(); err != nil {
		return err
	}
	out, err := run.StdoutPipe()
	if err != nil {
		return err
	}
	s.out = budgetReader{out, b}
	return run.Start("git-upload-pack " + shellQuote(path))
}

// shellQuote makes one word of path for the shell on the other side. The ! is
// for csh, which expands it even within quotes.
func shellQuote(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}

func (s *sshSession) Close() error { return s.client.Close() }

func (s *sshSession) AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error) {
	adv := packp.NewAdvRefs()
	err := adv.Decode(s.out)
	switch {
	case errors.Is(err, packp.ErrEmptyInput):
		// Nothing on standard output: the reason is on standard error.
		_ = s.run.Wait()
		return nil, sshErrorf("the server gave no repository (it said: %q); check the path in url, and that the key may read it", s.stderr.text())
	case errors.Is(err, packp.ErrEmptyAdvRefs), err == nil && adv.IsEmpty():
		return nil, transport.ErrEmptyRemoteRepository
	case err != nil:
		return nil, err
	}
	transport.FilterUnsupportedCapabilities(adv.Capabilities)
	return adv, nil
}

func (s *sshSession) UploadPack(_ context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	if err := req.UploadRequest.Encode(s.in); err != nil {
		return nil, err
	}
	if err := pktline.NewEncoder(s.in).EncodeString("done\n"); err != nil {
		return nil, err
	}
	if err := s.in.Close(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	res := packp.NewUploadPackResponse(req)
	if err := res.Decode(io.NopCloser(s.out)); err != nil {
		return nil, err
	}
	return res, nil
}

// tail keeps the beginning of what the server says on standard error.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 4096 - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return words.Quote(t.buf.String())
}
