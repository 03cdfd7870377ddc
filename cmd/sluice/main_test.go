package main

import (
	"flag"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the real program a command of the scripts. They wait for drains
// most of the time, so more of them than processors may run at once.
func TestMain(m *testing.M) {
	if live := asWorker(os.Args); live != nil { // of a command that a test runs in its own process
		os.Exit(runWorker(live))
	}
	if clock := os.Getenv(fastClockEnv); clock != "" { // a program that TestKilled kills
		os.Exit(runFast(clock))
	}
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("6") // -parallel on the command line still counts
	}
	testscript.Main(m, map[string]func(){
		"sluice": func() { os.Exit(run()) },
	})
}

// TestScripts runs testdata/script/*.txtar, each in a folder of its own ($WORK), on
// the real program. Beside the commands of testscript there are:
//
//	exits N COMMAND…            run a command; its exit status must be N
//	quickstart                  world.yaml, specs/ and policies/ of the example
//	sim WORLD [--speed N]       start the simulator, and make it this script's AWS
//	calls                       print what asked the simulator for a change, one a line
//	rival add|remove GATEWAY ADDRESS   somebody else changes a gateway
//	somebody USER ACTION GATEWAY ADDRESS   somebody else calls the simulator
//	queue                       start a stand-in for SQS; sets $QUEUE, the queue's URL, and $SQS, its endpoint
//	event ACTION                put EventBridge's event of a call of EC2 into the queue; any other text, as it is
//	fault JSON                  EC2 misbehaves
//	gitrepo DIR                 make a Git repository of a folder
//	gitcommit DIR MESSAGE [SIGNERS]   commit all that is in it; signed with a key that SIGNERS then lists
//	gittag DIR NAME             tag the newest commit
//	gitserver DIR               serve it with TLS and SSH; sets $GIT_URL, $SSH_URL, $HOST_KEY, $HOST_PRINT, $PROXY; writes ca.pem, client.pem, client.key, app.pem, id, id-locked, known_hosts; lets in what the file accepts says
//	gitreset DIR COMMIT         move the branch to a commit, as a force-push does
//	replace FILE OLD NEW        change a text, everywhere in a file
//	workflow FILE               run the steps of a workflow of examples/ci
//	expand FILE                 put environment variables into a file
//	folder DIR                  print the names of what is in a folder
//	keys FILE                   print the paths of all fields of a JSON file
//	field FILE PATH             print one field of a JSON file
//	await ready HISTORY         until the daemon that holds a record is ready; sets $API
//	await status|plan|calls|told|recorded|heard REGEXP   until the daemon's status, its plan, the calls, its record, what the host was told, or what the ears heard, match
//	await checkpoint REGEXP     until the daemon has cut off a part of its record
//	get PATH                    print a page of the daemon's API
//	hook PATH SECRET BODY       send the daemon a webhook as GitHub signs it, under another host's name
//	statushost                  start a Git host for commit statuses, busy at first; sets $HOST_URL; its token is in the file host.token
//	statuses                    print what it was told since the last time, one a line
//	ears                        start a Slack, a receiver of events and a collector of traces; sets $EARS_URL; their token is canary-ears
//	heard                       print what they heard since the last time, one a line
//	oldrecords FILE COUNT DAYS  begin a record that is DAYS old
//	s3                          start an S3, and make it this script's
//	objects                     print what is in it, one a line
//	reload                      send SIGHUP, and wait until what was read then is in force
//	sighup                      send SIGHUP to what runs in the background
//	sigterm                     send SIGTERM to what runs in the background
func TestScripts(t *testing.T) { runScripts(t, worthTheirTime(t, "testdata/script"), setup) }

func runScripts(t *testing.T, files []string, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Files:              files,
		RequireUniqueNames: true,
		Setup:              setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      positive(exits),
			"quickstart": positive(quickstart),
			"sim":        positive(startSim),
			"calls":      positive(printCalls),
			"rival":      positive(rival),
			"somebody":   positive(somebody),
			"queue":      positive(startQueue),
			"event":      positive(sendEvent),
			"fault":      positive(fault),
			"gitrepo":    positive(gitRepo),
			"gitcommit":  positive(gitCommit),
			"gittag":     positive(gitTag),
			"gitserver":  positive(startGitServer),
			"gitreset":   positive(gitReset),
			"workflow":   runWorkflow,
			"replace":    positive(replace),
			"expand":     positive(expand),
			"later":      positive(later),
			"folder":     positive(folder),
			"keys":       positive(keys),
			"field":      positive(field),
			"await":      positive(await),
			"get":        positive(get),
			"hook":       positive(hook),
			"statushost": positive(startStatusHost),
			"statuses":   positive(statuses),
			"ears":       positive(startEars),
			"heard":      positive(heard),
			"oldrecords": positive(oldRecords),
			"s3":         positive(startS3),
			"objects":    positive(objects),
			"reload":     positive(reload),
			"sighup":     positive(signalAll(syscall.SIGHUP)),
			"sigterm":    positive(signalAll(syscall.SIGTERM)),
		},
	})
}

// patience bounds every wait for another process.
const patience = 30 * time.Second

// setup gives a script an AWS that does not exist, until it starts a simulator:
// no script can reach a real account.
func setup(env *testscript.Env) error {
	env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
	env.Setenv("AWS_REGION", "us-east-1")
	env.Setenv("AWS_ACCESS_KEY_ID", "tester")
	env.Setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-tester")
	env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	env.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9") // the discard port: closed
	env.Values[stageKey{}] = &stage{}
	return nil
}

// positive is a command that knows no "!".
func positive(f func(*testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		f(ts, args)
	}
}
