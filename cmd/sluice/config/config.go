package config

import (
	_ "embed"
	"slices"
	"time"
	_ "time/tzdata" // for images without a time zone database

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy/worker"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
)

// Config is the whole configuration, with defaults filled in.
type Config struct {
	File     string            // where it was read; empty: from flags
	Mode     string            // observe, dry-run or apply
	Specs    Repo              // where the specs are
	Policies []Repo            // beside the shipped library
	Levels   map[string]string // by rule: advisory, for a roll-out
	Targets  map[string]Target // by name; never empty
	Drift    Drift
	Calendar calendar.Calendar // schedules, of which Drift is the last; windows; freezes
	Budget   Budget
	History  History
	Listen   string // host:port; loopback, unless Web opens it to others
	Web      Web
	Webhooks Webhooks
	Hints    Hints

	CommitStatus *CommitStatus // nil: no Git host is told anything
	Notify       []Notify
	Traces       *Traces // nil: the environment says, as OpenTelemetry has it
	PolicyLimits PolicyLimits
}

// PolicyLimits bound the process that evaluates a user's rules. Zero means the
// default of policy/worker and policy.
type PolicyLimits struct {
	worker.Limits               // Memory and Start
	Evaluation    time.Duration // of one input by all rules
}

// Web says who may see the status page and the API, and how it is reached. The zero
// value is for a loopback address: who is on the machine may read.
type Web struct {
	Token          *Secret // nil: there is none, and no action either
	TLS            *TLS    // nil: plain http
	BehindTLSProxy bool    // a proxy ends TLS, and only it reaches the address
}

// TLS is files of PEM.
type TLS struct {
	CertFile, KeyFile string // the server's own; the certificate's file may hold its chain
	ClientCAFile      string // who shows a certificate of these authorities may read; empty: nobody by that
}

// Webhooks says which Git hosts may hint that there is something new. A provider
// without a secret does not exist.
type Webhooks struct {
	Secrets     map[string]Secret // by provider; nil: none
	MinInterval time.Duration     // between two looks that hints ask for; 2s when nothing is said
}

// Repo is a place to read files from: exactly one of URL, Dir and Bundle is set.
type Repo struct {
	URL      string        // https, ssh or file; see gitsource.Config
	Dir      string        // a plain folder
	Bundle   *Bundle       // of policies only
	Ref      gitsource.Ref // with URL only
	Path     string        // with URL only
	Interval time.Duration // between two looks; 1m when nothing is said, of policies the specs' own
	Verify   Verify        // of the specs only, with URL
	Access   Access        // with URL only; of a Bundle that is fetched, ClientCert and Proxy

	Limits gitsource.Limits // zero fields mean its defaults; not with Bundle
}

// Verify names the files of public keys whose signatures on commits count. Both
// may be empty: then no signature is looked at.
type Verify struct {
	PGPKeys           string // an armored keyring
	SSHAllowedSigners string // in the form of OpenSSH's allowed_signers
	Mode              string // head or since-last-applied: what is held unless it is signed; empty: nothing
}

// Bundle is an OPA bundle, and what its signature and its server are held against.
type Bundle struct {
	URL        string            // https://; exactly one of URL and File is set
	File       string            // a .tar.gz
	PublicKeys map[string]string // PEM files by names for people; some with URL
	Scope      string            // of the signature
	TokenEnv   string            // the environment variable that holds the token
	TokenFile  string            // the file that holds it
	CAFile     string            // PEM, beside the system's authorities
}

// Target is one AWS account and Region. Empty fields come from the AWS SDK's own
// environment.
type Target struct {
	Region                 string
	Profile                string // of the shared config file
	RoleARN                string // a role to assume with the credentials found
	Endpoint               string // http(s) URL of EC2; empty: AWS's, or AWS_ENDPOINT_URL
	AddressesPerNatGateway int    // primary included; never 0: AWS's quota, 8, when nothing is said
	CloudTrailEndpoint     string // http(s) URL of CloudTrail, likewise
}

// Drift says when to look for drift, and what to do about it.
type Drift struct {
	Cron     string // five fields, or a word such as @daily
	TimeZone string // an IANA name
	Action   string // correct, detect or adopt

	Attribution string // cloudtrail: who made a drift is looked up there; empty: it is not
}

// Budget bounds removals per cycle and target: the greater of the two holds.
type Budget struct {
	Removals int // addresses
	Percent  int // of the managed addresses
}

// History says where the record is kept. Without a file and a table the configuration
// does not say.
type History struct {
	File     string        // of the record, for one replica
	DynamoDB *DynamoDB     // nil: the record is in a file, for one replica
	Keep     time.Duration // how long records stay in the file; 0: for ever
	Export   string        // where they go then: a folder, or s3://BUCKET/PREFIX
}

// DynamoDB is a table that several replicas share: it holds the record and who works for
// which target. Empty fields come from the AWS SDK's own environment.
type DynamoDB struct {
	Table    string
	Region   string
	Endpoint string        // http(s) URL of DynamoDB
	Lease    time.Duration // how long a target stays with a replica that says nothing any more
}

// The defaults that more than one place needs.
const (
	defaultInterval = time.Minute
	defaultTarget   = "default"
	defaultLease    = 30 * time.Second
	defaultLimit    = 8 // AWS's quota of private addresses on one NAT gateway
)

// Default returns what holds without a configuration file; only the place of
// the specs is missing.
func Default() Config {
	drift := Drift{Cron: "*/15 * * * *", TimeZone: "UTC", Action: "correct"}
	return Config{
		Mode:     "dry-run",
		Specs:    Repo{Interval: defaultInterval},
		Targets:  map[string]Target{defaultTarget: {AddressesPerNatGateway: defaultLimit}},
		Drift:    drift,
		Calendar: (&loader{}).calendar(Config{Drift: drift}),
		Budget:   Budget{Removals: 4, Percent: 10},
		Listen:   "127.0.0.1:8080",

		Webhooks: Webhooks{MinInterval: 2 * time.Second},
		Hints:    Hints{MinInterval: 10 * time.Second},
	}
}

//go:embed config.schema.json
var schemaJSON []byte

// Schema returns the JSON Schema (draft 2020-12) of the configuration.
func Schema() []byte { return slices.Clone(schemaJSON) }
