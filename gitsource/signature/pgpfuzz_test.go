package signature_test

import (
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/signature/signing"
)

// FuzzPGP: keys and signatures that nobody made end with an error or with what they say.
func FuzzPGP(f *testing.F) {
	key := signing.PGPKey(f, 0)
	public := signing.PGPPublic(f, key).PGP.Data
	f.Add(public, signing.PGPSign(f, key, signing.When, []byte("payload")))
	f.Add(public[:len(public)-200], "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----")
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK----------END PGP PUBLIC KEY BLOCK-----"), "")
	f.Fuzz(func(t *testing.T, keys []byte, armored string) {
		began := time.Now()
		ring, err := signature.Keys{PGP: signature.File{Path: "keys.asc", Data: keys}}.Parse()
		if err != nil {
			ring = nil
		}
		if who, err := ring.Verify(signing.NewDraft(tree).With(armored), signing.When); err == nil {
			t.Errorf("%+v signed what it did not", who)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
