package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one tab of a headless Chromium, and all that it complained of.
type browser struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

// openBrowser skips the test where there is no Chromium, unless
// SLUICE_REQUIRE_SERVERS=1 says that there has to be one.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	switch {
	case path != "":
	case os.Getenv("SLUICE_REQUIRE_SERVERS") == "1":
		t.Fatal("no chromium is installed, and SLUICE_REQUIRE_SERVERS=1 wants one")
	default:
		t.Skip("no chromium is installed (Debian: apt-get install chromium)")
	}
	// No sandbox: in containers there is often none to be had, and the pages are ours.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	call(t, b, cdplog.Enable, cdp.Empty{})
	return b
}

// hear notes errors, warnings and dialogs.
func (b *browser) hear(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + e.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			complaint = fmt.Sprintf("console.%s: %v", e.Type, e.Args)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			complaint = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		complaint = "dialog: " + e.Message
		go func() {
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
		}()
	}
	if complaint != "" {
		b.mu.Lock()
		b.bad = append(b.bad, complaint)
		b.mu.Unlock()
	}
}

// complaints returns what there was to complain of, once.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := b.bad
	b.bad = nil
	return bad
}

func (b *browser) open(t *testing.T, url string) {
	t.Helper()
	b.run(t, chromedp.Navigate(url), chromedp.WaitReady("footer"))
}

func (b *browser) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// take runs an action that has a value.
func take[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// call gives a command of the protocol that chromedp has no action for.
func call[P, R any](t *testing.T, b *browser, c cdp.Command[P, R], params P) R {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, c, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// ask evaluates an expression, whatever the policy of the page forbids to its own
// scripts.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return take(t, b, chromedp.Evaluate[T](expression))
}

// await asks until an expression is true. While the page changes, there may be
// nothing to ask.
func (b *browser) await(t *testing.T, what, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!document.body && ("+expression+")")); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s; the page says\n%s", what, ask[string](t, b, "document.body.innerText"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// screen is how a page is looked at.
type screen struct {
	name          string
	width, height int64
	phone         bool
	scheme        string // light or dark
}

var screens = []screen{
	{"desk-light", 1280, 900, false, "light"},
	{"desk-dark", 1280, 900, false, "dark"},
	{"phone-light", 390, 844, true, "light"},
	{"phone-dark", 390, 844, true, "dark"},
}

func (b *browser) look(t *testing.T, s screen) {
	t.Helper()
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.phone})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}})
}

// shoot keeps a picture among the test's artefacts: go test -artifacts says where.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	if ask[int](t, b, "document.documentElement.scrollHeight") > 2500 { // its beginning will do
		keep(t, name, take(t, b, chromedp.CaptureScreenshot()))
		return
	}
	keep(t, name, take(t, b, chromedp.FullScreenshot(100)))
}

func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if len(data) < 5000 || !strings.HasPrefix(string(data), "\x89PNG") {
		t.Errorf("%s: %d bytes are no picture of a page", name, len(data))
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}
