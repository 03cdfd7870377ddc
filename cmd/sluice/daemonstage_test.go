package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// await waits for what another process does.
func await(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await ready HISTORY | await status|plan|calls|recorded|checkpoint|told|heard REGEXP")
	}
	st := stageOf(ts)
	switch args[0] {
	case "ready":
		holder := ts.MkAbs(args[1]) + ".holder"
		poll(ts, "the daemon to be ready", func() (string, bool) {
			api := holderAPI(holder)
			body, code, err := fetch(api + "/readyz")
			if api == "" || err != nil || code != http.StatusOK {
				return fmt.Sprintf("%s %v", body, err), false
			}
			st.api = api
			ts.Setenv("API", api)
			return body, true
		})
	case "status":
		want := regexp.MustCompile(args[1])
		poll(ts, "a status like "+args[1], func() (string, bool) {
			body, _, err := fetch(st.api + "/api/v1/status")
			return body, err == nil && want.MatchString(body)
		})
	case "plan":
		want := regexp.MustCompile(args[1])
		poll(ts, "a plan like "+args[1], func() (string, bool) {
			body, _, err := fetch(st.api + "/api/v1/plan")
			return body, err == nil && want.MatchString(body)
		})
	case "recorded":
		want := regexp.MustCompile(args[1])
		poll(ts, "a record like "+args[1], func() (string, bool) {
			body, _, err := fetch(st.api + "/api/v1/history")
			return body, err == nil && want.MatchString(body)
		})
	case "checkpoint":
		want := regexp.MustCompile(args[1])
		poll(ts, "a checkpoint like "+args[1], func() (string, bool) {
			body, _, err := fetch(st.api + "/api/v1/history/checkpoint")
			return body, err == nil && want.MatchString(body)
		})
	case "calls":
		want, sim := regexp.MustCompile(args[1]), runningSim(ts)
		poll(ts, "calls like "+args[1], func() (string, bool) {
			lines := callLines(sim)
			return lines, want.MatchString(lines)
		})
	case "told":
		want := regexp.MustCompile(args[1])
		poll(ts, "a commit status like "+args[1], func() (string, bool) {
			lines := st.host.text()
			return lines, want.MatchString(lines)
		})
	case "heard":
		want := regexp.MustCompile(args[1])
		poll(ts, "to hear something like "+args[1], func() (string, bool) {
			lines := st.ears.text()
			return lines, want.MatchString(lines)
		})
	default:
		ts.Fatalf("unknown: await %s", args[0])
	}
}

// poll asks again and again until it has what it wants, or patience ends.
func poll(ts *testscript.TestScript, what string, ask func() (last string, ok bool)) {
	end := time.After(patience)
	for {
		last, ok := ask()
		if ok {
			return
		}
		select {
		case <-end:
			ts.Fatalf("waited in vain for %s; the last was:\n%s", what, last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// holderAPI is where the holder of a record answers, or nothing.
func holderAPI(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	var holder struct {
		API string `json:"api"`
	}
	if json.Unmarshal(data, &holder) != nil {
		return ""
	}
	return holder.API
}

func fetch(url string) (body string, code int, err error) {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), resp.StatusCode, err
}

func get(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: get PATH")
	}
	body, code, err := fetch(stageOf(ts).api + args[0])
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s", code, body)
}

// hook sends what GitHub would, through a proxy that keeps the name it was called
// by, and prints the status and the answer.
func hook(ts *testscript.TestScript, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: hook PATH SECRET BODY")
	}
	mac := hmac.New(sha256.New, []byte(args[1]))
	mac.Write([]byte(args[2]))
	req, err := http.NewRequest(http.MethodPost, stageOf(ts).api+args[0], strings.NewReader(args[2]))
	ts.Check(err)
	req.Host = "hooks.example.com"
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s", resp.StatusCode, data)
}

// reload sends SIGHUP, and waits until what was read then is in force.
func reload(ts *testscript.TestScript, args []string) {
	loaded := func() string {
		var s struct{ Config struct{ Loaded string } }
		body, _, err := fetch(stageOf(ts).api + "/api/v1/status")
		if err != nil || json.Unmarshal([]byte(body), &s) != nil {
			return ""
		}
		return s.Config.Loaded
	}
	before := loaded()
	signalAll(syscall.SIGHUP)(ts, args)
	poll(ts, "another configuration", func() (string, bool) {
		now := loaded()
		return now, now != "" && now != before
	})
}

// signalAll sends a signal to all that runs in the background.
func signalAll(sig syscall.Signal) func(*testscript.TestScript, []string) {
	return func(ts *testscript.TestScript, _ []string) {
		for _, cmd := range ts.BackgroundCmds() {
			if cmd.ProcessState == nil {
				ts.Check(cmd.Process.Signal(sig))
			}
		}
	}
}
