package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// pgpKeys is a PGP keyring. Version 2 of the library's API judges a key at the
// time of the signature, and refuses what is weak (SHA-1, DSA, short RSA).
type pgpKeys struct {
	mu   sync.Mutex // the library notes in the keys what it has found out of them
	list openpgp.EntityList
}

const (
	pgpBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	pgpEnd   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// parsePGPKeys reads one or more armored blocks.
func parsePGPKeys(f File) (*pgpKeys, error) {
	rest := string(f.Data)
	if strings.Contains(rest, "-----BEGIN PGP PRIVATE KEY BLOCK-----") {
		return nil, fmt.Errorf("%s holds a private key, which has no business here; write the public one with gpg --armor --export", f.Path)
	}
	keys := &pgpKeys{}
	for block := 1; ; block++ {
		begin := strings.Index(rest, pgpBegin)
		if begin < 0 {
			break
		}
		rest = rest[begin:]
		end := strings.Index(rest, pgpEnd)
		if end < 0 {
			return nil, fmt.Errorf("%s: key block %d has no end; export it again", f.Path, block)
		}
		end += len(pgpEnd)
		list, err := openpgp.ReadArmoredKeyRing(strings.NewReader(rest[:end]))
		if err != nil {
			return nil, fmt.Errorf("%s: key block %d cannot be read (%s); export it again with gpg --armor --export", f.Path, block, words.Quote(err.Error()))
		}
		keys.list = append(keys.list, list...)
		rest = rest[end:]
	}
	if len(keys.list) == 0 {
		return nil, fmt.Errorf("%s holds no PGP public key in armored form; write it with gpg --armor --export", f.Path)
	}
	return keys, nil
}

// verify checks an armored signature. A keyring that is nil lists no key.
func (k *pgpKeys) verify(payload []byte, armored string) (Signer, error) {
	sig, body, err := readPGPSignature(armored)
	if err != nil {
		return Signer{}, err
	}
	if k == nil {
		return Signer{}, unlisted("PGP", issuer(sig))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	config := &packet.Config{Time: func() time.Time { return sig.CreationTime }}
	_, entity, err := openpgp.VerifyDetachedSignature(k.list, bytes.NewReader(payload), bytes.NewReader(body), config)
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return Signer{}, unlisted("PGP", issuer(sig))
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return Signer{}, fmt.Errorf("the PGP key %s had expired when it signed it", issuer(sig))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return Signer{}, fmt.Errorf("the PGP key %s is revoked", issuer(sig))
	case err != nil:
		return Signer{}, fmt.Errorf("its signature by the PGP key %s is not of this commit, or too weak to count (%s)", issuer(sig), words.Quote(err.Error()))
	case entity == nil:
		return Signer{}, unlisted("PGP", issuer(sig))
	}
	return pgpSigner(entity, config), nil
}

// readPGPSignature wants exactly one signature, over bytes as they are, that does
// not end by itself.
func readPGPSignature(armored string) (*packet.Signature, []byte, error) {
	block, err := armor.Decode(strings.NewReader(armored))
	if err != nil {
		return nil, nil, errors.New("its PGP signature cannot be read")
	}
	body, err := io.ReadAll(block.Body)
	if err != nil {
		return nil, nil, errors.New("its PGP signature cannot be read")
	}
	packets := packet.NewReader(bytes.NewReader(body))
	first, err := packets.Next()
	sig, ok := first.(*packet.Signature)
	if err != nil || !ok {
		return nil, nil, errors.New("its PGP signature cannot be read")
	}
	if _, err := packets.Next(); err != io.EOF {
		return nil, nil, errors.New("it carries more than one signature")
	}
	switch {
	case sig.SigType != packet.SigTypeBinary:
		return nil, nil, errors.New("its PGP signature is not one of a commit's bytes")
	case sig.SigLifetimeSecs != nil && *sig.SigLifetimeSecs != 0:
		return nil, nil, errors.New("its PGP signature has an expiry of its own, which is not supported")
	}
	return sig, body, nil
}

// issuer is what a signature says of its key: a fingerprint, or the key's id.
func issuer(sig *packet.Signature) string {
	switch {
	case len(sig.IssuerFingerprint) > 0:
		return fmt.Sprintf("%X", sig.IssuerFingerprint)
	case sig.IssuerKeyId != nil:
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	return "that it does not name"
}

// pgpSigner names a key's owner by the e-mail address of the primary user id, or,
// where that has none, by all of it.
func pgpSigner(e *openpgp.Entity, config *packet.Config) Signer {
	s := Signer{Key: fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)}
	if _, id := e.PrimaryIdentity(config.Now(), config); id != nil && id.UserId != nil {
		s.Name = id.UserId.Email
		if s.Name == "" {
			s.Name = id.UserId.Id
		}
	}
	if s.Name = words.Quote(s.Name); s.Name == "" {
		s.Name = s.Key
	}
	return s
}
