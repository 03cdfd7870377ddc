package ec2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestWhatACredentialProcessPrintsIsNotRepeated(t *testing.T) {
	for name, printed := range map[string]string{
		"a time that is none":  `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"canary-secret","SessionToken":"canary-token","Expiration":"tomorrow"}`,
		"an answer cut off":    `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"canary-secret","SessionTok`,
		"a version of another": `{"Version":"canary-secret","SecretAccessKey":"canary-secret"}`,
		"no JSON":              `canary-secret`,
	} {
		t.Run(name, func(t *testing.T) {
			environment(t)
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			dir := t.TempDir()
			out, config := filepath.Join(dir, "out"), filepath.Join(dir, "config")
			write(t, out, printed)
			write(t, config, "[default]\ncredential_process = cat "+out+"\n")
			t.Setenv("AWS_CONFIG_FILE", config)
			ctx := context.Background()
			inv := client(t, modeObserve, always(200, "")).Observe(ctx, inventory.Query{NatGateways: true})
			said := []string{inv.Unread[0].Reason}
			give, err := Credentials(ctx, Config{Region: "us-east-1", Mode: modeObserve})
			if err != nil {
				t.Fatal(err)
			}
			_, _, _, err = give(ctx)
			said = append(said, fmt.Sprint(err))
			settings, err := Settings(ctx, Config{Region: "us-east-1", Mode: modeObserve})
			if err != nil {
				t.Fatal(err)
			}
			_, err = settings.Credentials.Retrieve(ctx)
			for _, text := range append(said, fmt.Sprint(err)) {
				if strings.Contains(text, "canary") || !strings.Contains(text, "credential_process") {
					t.Error(text)
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var proofOf = regexp.MustCompile("Signature=.*")

// An endpoint, or a proxy before it, repeats what it was sent.
func TestSecretsThatAnAnswerRepeatsAreNotRepeated(t *testing.T) {
	environment(t)
	long := strings.Repeat("canary-token+/=", 60) // as long as AWS's are: more than a line shows
	t.Setenv("AWS_SESSION_TOKEN", long)
	echo := &wire{body: func(req *http.Request, _ url.Values) (int, io.Reader) {
		text := "hdr " + req.Header.Get("X-Amz-Security-Token") + " canary-secret " + proofOf.FindString(req.Header.Get("Authorization"))
		return 403, strings.NewReader(fmt.Sprintf(`<Response><Errors><Error><Code>AuthFailure</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`,
			text, long))
	}}
	_, err := client(t, modeApply, echo).Do(context.Background(), assignNatCall)
	f := faultOf(t, err)
	if strings.Contains(f.Error(), "canary") || !strings.Contains(f.Message, "hdr *** *** Signature=***;") {
		t.Error(f)
	}
}

func TestALookAtEC2EndsHoweverManyPagesItHas(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		slow := answering(func(n int, form url.Values) string {
			time.Sleep(9 * time.Second)
			return fmt.Sprintf("<natGatewaySet/><networkInterfaceSet/><subnetSet/><nextToken>%d</nextToken>", n)
		})
		c := client(t, modeObserve, slow)
		for name, look := range map[string]func() string{
			"observe": func() string {
				return c.Observe(context.Background(), inventory.Query{NatGateways: true}).Unread[0].Reason
			},
			"reread": func() string {
				_, err := c.Reread(context.Background(), inventory.KindNatGateway, "nat-1")
				return fmt.Sprint(err)
			},
			"subnets": func() string {
				_, unread := c.Subnets(context.Background(), inventory.SubnetQuery{IDs: []string{"subnet-1"}})
				return unread[0].Reason
			},
		} {
			began := time.Now()
			said := look()
			if took := time.Since(began); took > longestLook+defaultCallTimeout || !strings.Contains(said, "takes longer than 5m0s") {
				t.Errorf("%s: after %s: %s", name, took, said)
			}
		}
	})
}
