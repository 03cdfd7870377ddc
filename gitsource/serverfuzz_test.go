package gitsource

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// advert is what a server begins with: a line for each reference.
func advert(tip string, more ...string) []byte {
	var buf bytes.Buffer
	enc := pktline.NewEncoder(&buf)
	_ = enc.EncodeString("# service=git-upload-pack\n") // a buffer takes all
	_ = enc.Flush()
	_ = enc.EncodeString(tip + " HEAD\x00multi_ack side-band-64k shallow symref=HEAD:refs/heads/main agent=git/2.39\n")
	_ = enc.EncodeString(tip + " refs/heads/main\n")
	_ = enc.EncodeString(more...)
	_ = enc.Flush()
	return buf.Bytes()
}

// FuzzServer talks to a server that says anything in place of its references and of a pack
// (pkt-lines, the shallow list, the sideband), through the real client: the look ends in time, and
// only with a whole commit of the promised id.
func FuzzServer(f *testing.F) {
	tip := strings.Repeat("1", 40)
	small := pack(f, 1, entry{plumbing.BlobObject, 3, strings.NewReader("abc")})
	f.Add(advert(tip), []byte("0008NAK\n"+string(small)))
	f.Add(advert(tip), fmt.Appendf(nil, "0034shallow %s0000%04x\x01%s0000", tip, len(small)+5, small))
	f.Add(advert(tip), []byte("0008NAK\n0009\x02no!\n0009\x03bad!0000"))
	f.Add(advert(tip, tip+" refs/tags/v1^{}\n", "shallow "+tip+"\n"), []byte("ffff"))
	f.Add(advert("0000000000000000000000000000000000000000"), []byte("0000"))
	f.Add([]byte("001e# service=git-upload-pack\n0000000eversion 2\n0000"), []byte("000dpackfile\n"))
	f.Add([]byte("0003"), []byte("0004"))
	f.Add([]byte(""), []byte(""))
	var listed, packed atomic.Pointer[[]byte]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			w.Header().Set("Content-Type", advertType)
			_, _ = w.Write(*listed.Load())
			return
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = w.Write(*packed.Load())
	}))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, refs, answer []byte) {
		listed.Store(&refs)
		packed.Store(&answer)
		began := time.Now()
		s := open(t, Config{URL: server.URL + "/specs.git", Limits: Limits{Timeout: 5 * time.Second, Unpacked: 1 << 20, Transfer: 1 << 20}})
		got, err := s.Snapshot(t.Context(), nil)
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("took %s", took)
		}
		if err == nil && (len(got.Commit.ID) != 40 || len(got.Files) == 0) {
			t.Errorf("%+v", got.Commit)
		}
	})
}

// FuzzReply: what another process answers, which a hostile repository may have taken over, is a
// whole answer or an error, and costs no more than it is long.
func FuzzReply(f *testing.F) {
	whole := encodeReply(replyHead{Snapshot: &sentSnapshot{Tip: "t", Paths: []string{"a.yaml"}, Sizes: []int{3}}}, []File{{Path: "a.yaml", Data: []byte("abc")}}, 1<<20)
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(encodeReply(replyHead{Line: &Line{From: strings.Repeat("0", 40), To: strings.Repeat("0", 40), Relation: "ahead"}}, nil, 1<<20))
	f.Add(binary.BigEndian.AppendUint32(nil, 1<<31))
	f.Add([]byte("\x00\x00\x00\x2d{\"Snapshot\":{\"Paths\":[\"a\"],\"Sizes\":[-1]}}   "))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r, err := readReply(answer)
		if err != nil {
			return
		}
		if s, err := r.snapshot(); err == nil {
			total := 0
			for _, file := range s.Files {
				total += len(file.Data)
			}
			if total != len(r.data) || len(s.Files) == 0 {
				t.Errorf("%d bytes in %d files, of %d", total, len(s.Files), len(r.data))
			}
		}
		if l, err := r.line(plumbing.ZeroHash, plumbing.ZeroHash); err == nil && l == nil {
			t.Error("no line, and no error")
		}
	})
}

// FuzzRange: a range of versions is one, or refused; and picks only a tag that it is given.
func FuzzRange(f *testing.F) {
	f.Add(">=1.2.0 <2.0.0", "v1.3.0")
	f.Add("^1 || ~2.x - 3", "1.0.0-rc.1+b")
	f.Add("*", "v")
	f.Add(strings.Repeat("||", 100), "v01.0.0")
	f.Fuzz(func(t *testing.T, text, tag string) {
		full := tagPrefix + tag
		best, err := Ref{Semver: text}.newest("x", []string{full, "refs/heads/" + tag}, func(string) (plumbing.Hash, error) { return plumbing.ZeroHash, nil })
		if err == nil && best != full {
			t.Errorf("%q of %q", best, full)
		}
		if CheckRange(text) != nil && err == nil {
			t.Errorf("%q is no range, and picks %q", text, best)
		}
	})
}

// FuzzSSHKey: a private key that cannot be read ends with an error, and soon.
func FuzzSSHKey(f *testing.F) {
	_, private := newSigner(f)
	f.Add(private, "")
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"), "secret")
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "secret")
	f.Fuzz(func(t *testing.T, key []byte, passphrase string) {
		if signer, err := parseSSHKey(access{SSHKey: key, Passphrase: passphrase}); err == nil && signer.PublicKey() == nil {
			t.Error("a key without its public half")
		}
	})
}
