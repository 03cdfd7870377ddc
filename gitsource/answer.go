package gitsource

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// Answer carries out what a [Job] asks for, in a process of its own: it sets
// environment variables. The request is taken to come from this package; an error of
// the work is part of the answer.
func Answer(request []byte) []byte {
	var o order
	if err := json.Unmarshal(request, &o); err != nil {
		return encodeReply(replyHead{Error: fmt.Sprintf("the request does not parse: %v", err)}, nil, maxHeadRoom)
	}
	head, files, err := o.carryOut(context.Background())
	if err != nil {
		head, files = replyHead{Error: err.Error(), Kind: kindOf(err)}, nil
	}
	return encodeReply(head, files, o.Op.most(o.Limits))
}

// carryOut does the work as this process would without a Runner, with the same limits and
// deadline: a process that is killed says nothing, and a limit that was passed has words.
func (o order) carryOut(ctx context.Context) (head replyHead, files []File, err error) {
	for name, value := range o.Env {
		if err := os.Setenv(name, value); err != nil {
			return head, nil, err
		}
	}
	back, where, err := o.backend()
	if err != nil {
		return head, nil, err
	}
	switch o.Op {
	case opHead:
		head.Commit, err = within(ctx, o.Limits.Timeout, where, back.head)
		return head, nil, err
	case opFetch:
		got, err := within(ctx, o.Limits.Timeout, where, back.fetch)
		if err != nil {
			return head, nil, err
		}
		head.Snapshot = newSentSnapshot(got)
		return head, got.Files, nil
	case opLine:
		b := o.Between
		got, err := within(ctx, o.Limits.Timeout, where, func(ctx context.Context) (*Line, error) {
			return back.(lines).line(ctx, plumbing.NewHash(b.From), plumbing.NewHash(b.To), plumbing.NewHash(b.Tip))
		})
		if err != nil {
			return head, nil, err
		}
		head.Line = got
		return head, nil, nil
	}
	return head, nil, fmt.Errorf("the request asks for %q, which nobody can do here", o.Op)
}

// replyHead is an answer without the contents of files.
type replyHead struct {
	Error    string        `json:",omitempty"`
	Kind     string        `json:",omitempty"` // of Error
	Commit   string        `json:",omitempty"` // for opHead
	Snapshot *sentSnapshot `json:",omitempty"` // for opFetch
	Line     *Line         `json:",omitempty"` // for opLine
}

// sentSnapshot is a Snapshot without the contents of its files.
type sentSnapshot struct {
	Commit Commit
	Tip    string
	Paths  []string
	Sizes  []int // of each file
}

// line is the answer to a question about two commits, and no others.
func (r reply) line(from, to plumbing.Hash) (*Line, error) {
	sent := r.head.Line
	if sent == nil || sent.From != from.String() || sent.To != to.String() {
		return nil, garbagef("no line between the two commits")
	}
	for i, c := range sent.Commits {
		sent.Commits[i] = c.brief()
	}
	return sent, nil
}

func newSentSnapshot(s *Snapshot) *sentSnapshot {
	out := &sentSnapshot{Commit: s.Commit, Tip: s.tip}
	for _, f := range s.Files {
		out.Paths, out.Sizes = append(out.Paths, f.Path), append(out.Sizes, len(f.Data))
	}
	return out
}

// An answer on its way is the length of the head in four bytes, big-endian, the head,
// and the contents of the files one after the other: the receiver needs no more memory
// than that.
const headPrefix = 4

// encodeReply never gives more than most bytes: that too is an error for people.
func encodeReply(head replyHead, files []File, most int) []byte {
	var buf bytes.Buffer
	buf.Write(make([]byte, headPrefix))
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(head); err != nil {
		return encodeReply(replyHead{Error: fmt.Sprintf("the answer cannot be sent: %v", err)}, nil, most)
	}
	binary.BigEndian.PutUint32(buf.Bytes(), uint32(buf.Len()-headPrefix))
	for _, f := range files {
		buf.Write(f.Data)
	}
	if buf.Len() > most {
		return encodeReply(replyHead{Error: fmt.Sprintf("the answer has %d bytes, more than %d", buf.Len(), most), Kind: ErrLimit.Error()}, nil, most)
	}
	return buf.Bytes()
}

// reply is an answer that was received.
type reply struct {
	head replyHead
	data []byte
}

func readReply(answer []byte) (reply, error) {
	if len(answer) < headPrefix {
		return reply{}, garbagef("%d bytes", len(answer))
	}
	n, rest := int64(binary.BigEndian.Uint32(answer)), answer[headPrefix:]
	if n > int64(len(rest)) {
		return reply{}, garbagef("a head of %d bytes in %d", n, len(rest))
	}
	r := reply{data: rest[n:]}
	if err := json.Unmarshal(rest[:n], &r.head); err != nil {
		return reply{}, garbagef("%v", err)
	}
	return r, nil
}

// snapshot puts a Snapshot together. Its files share the answer's memory.
func (r reply) snapshot() (*Snapshot, error) {
	from := r.head.Snapshot
	if from == nil || len(from.Paths) == 0 || len(from.Paths) != len(from.Sizes) {
		return nil, garbagef("a commit without files")
	}
	s := &Snapshot{Commit: from.Commit.bounded(), tip: from.Tip, Files: make([]File, len(from.Paths))}
	data := r.data
	for i, n := range from.Sizes {
		if n < 0 || n > len(data) {
			return nil, garbagef("files of more bytes than it holds")
		}
		s.Files[i] = File{Path: from.Paths[i], Data: data[:n:n]}
		data = data[n:]
	}
	if len(data) > 0 {
		return nil, garbagef("%d bytes of no file", len(data))
	}
	return s, nil
}
