package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// everyPage is the pages of a fleet that showFleet serves.
var everyPage = map[string]string{
	"fleet":    "/",
	"resource": "/resources/prod-use1/" + fmt.Sprintf("nat-%017x", 0),
	"plan":     "/plan",
	"history":  "/history",
	"explain":  "/explain/10.0.0.30",
	"schedule": "/schedule",
	"rules":    "/rules",
	"search":   "/?q=nothing+like+it",
}

func TestEveryPageFitsEveryScreen(t *testing.T) {
	b := openBrowser(t)
	url := showFleet(t, 500, false)
	for _, s := range screens {
		b.look(t, s)
		for name, path := range everyPage {
			b.open(t, url+path)
			if wide := ask[int](t, b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
				t.Errorf("%s, %s: it is %d pixels too wide", name, s.name, wide)
			}
			if got := ask[string](t, b, "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"); got != s.scheme {
				t.Fatalf("the browser shows %s instead of %s", got, s.scheme)
			}
			if faint := ask[[]string](t, b, faintText); len(faint) > 0 {
				t.Errorf("%s, %s: the contrast is below 4.5 to 1: %q", name, s.name, faint)
			}
			b.shoot(t, name+"-"+s.name)
		}
	}
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(bad, "\n"))
	}
}

// faintText lists texts whose contrast with what is behind them is below AA's.
const faintText = `(() => {
	const rgb = (c) => { const x = document.createElement("canvas").getContext("2d"); x.fillStyle = c; x.fillRect(0, 0, 1, 1); return [...x.getImageData(0, 0, 1, 1).data]; };
	const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const seen = {};
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.offsetParent) continue;
		const ink = getComputedStyle(e).color, ground = behind(e), key = ink + ground;
		if (key in seen) continue;
		const [a, z] = [light(rgb(ink)), light(ground)], ratio = (Math.max(a, z) + 0.05) / (Math.min(a, z) + 0.05);
		seen[key] = ratio < 4.5 ? e.className + " " + e.textContent.trim().slice(0, 30) + " " + ratio.toFixed(2) : "";
	}
	return Object.values(seen).filter(Boolean);
})()`

func TestNoTextOfOthersActsInAPage(t *testing.T) {
	b := openBrowser(t)
	url := showFleet(t, 30, true)
	pages := map[string]string{
		"a search for it":     "/?q=%22%3E%3Cimg+src%3Dx+onerror%3D%22window.hacked%3D1%22%3E&state=%3Cscript%3E&target='onfocus=window.hacked=1",
		"a filter of it":      "/history?resource=%22%3E%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E&commit='%20autofocus%20onfocus='window.hacked=1",
		"a bad filter of it":  "/history?since=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
		"an address of it":    "/explain?address=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
		"a resource named so": "/resources/%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E/javascript:window.hacked=1",
	}
	for name, path := range everyPage {
		pages[name] = path
	}
	for name, path := range pages {
		b.open(t, url+path)
		if ask[bool](t, b, "'hacked' in window") {
			t.Errorf("%s: a script of others ran", name)
		}
		if made := ask[[]string](t, b, `[...document.querySelectorAll("script:not([src^='/assets/follow.js?']), img:not([src^='/assets/icon.svg?']), svg, iframe, object, embed, style, base, [style]")].map((e) => e.outerHTML)`); len(made) > 0 {
			t.Errorf("%s: text became elements: %q", name, made)
		}
		if made := ask[[]string](t, b, `[...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on") || /^\s*(javascript|data):/i.test(a.value) && ["href", "src", "action", "formaction"].includes(a.name))).map((e) => e.outerHTML)`); len(made) > 0 {
			t.Errorf("%s: text became handlers: %q", name, made)
		}
		b.run(t, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("a, input").forEach((e) => { e.focus(); e.dispatchEvent(new MouseEvent("mouseover")); })`))
		if ask[bool](t, b, "'hacked' in window") {
			t.Errorf("%s: a handler of others ran", name)
		}
	}
	b.open(t, url+"/")
	if text := ask[string](t, b, "document.body.innerText"); !strings.Contains(text, hostile[0]) || !strings.Contains(text, hostile[1]) {
		t.Error("the fleet does not show the hostile names as they are")
	}
	b.shoot(t, "hostile")
	var grave []string
	for _, c := range b.complaints() {
		if !strings.Contains(c, "status of 40") { // the pages that are not there, or asked wrongly
			grave = append(grave, c)
		}
	}
	if len(grave) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(grave, "\n"))
	}
}

func TestAPageFollowsADrainWithoutBeingReloaded(t *testing.T) {
	b := openBrowser(t)
	d := startWatchedDaemon(t, "")
	b.open(t, d.url+"/resources/default/nat-0ee3edd182361f662")
	b.await(t, "the stream", `document.getElementById("pulse").textContent === "live"`)
	ask[int](t, b, "window.kept = 1")
	row := func(ip string) string {
		return fmt.Sprintf(`([...document.querySelectorAll(".addresses tr")].find((r) => r.innerText.includes("%s"))?.innerText ?? "")`, ip)
	}
	if text := ask[string](t, b, row("10.0.1.20")); !strings.Contains(text, "serving") {
		t.Fatalf("before: %q", text)
	}
	d.commit(t, "egress-a: .22 in <script>window.hacked=1</script>", "- 10.0.1.20\n", "- 10.0.1.22\n")
	b.await(t, "the drain", row("10.0.1.20")+`.includes("draining")`)
	b.await(t, "the new address", row("10.0.1.22")+`.includes("serving")`)
	left := ask[string](t, b, `document.querySelector(".left").textContent`)
	if !strings.HasPrefix(left, "at most ") {
		t.Errorf("the countdown says %q", left)
	}
	b.shoot(t, "drain")
	b.await(t, "the countdown", fmt.Sprintf(`(document.querySelector(".left")?.textContent ?? "") !== %q`, left))
	b.await(t, "the end of the drain", row("10.0.1.20")+` === ""`)
	b.await(t, "the state", `document.querySelector("h1 .state").textContent === "in-sync"`)
	if !ask[bool](t, b, "window.kept === 1") {
		t.Error("the page was reloaded")
	}
	b.await(t, "the history", `document.getElementById("resource").innerText.includes("unassign")`)
	b.open(t, d.url+"/history")
	if text := ask[string](t, b, "document.body.innerText"); !strings.Contains(text, "<script>window.hacked=1</script>") || ask[bool](t, b, "'hacked' in window") {
		t.Errorf("the commit's message is not shown as it is:\n%s", text)
	}
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(bad, "\n"))
	}
}

func TestTheButtonNeedsTheTokenAndMakesTheDaemonLook(t *testing.T) {
	b := openBrowser(t)
	d := startWatchedDaemon(t, "0123456789abcdef-the-token")
	b.open(t, d.url+"/history?kind=commit")
	if got := ask[string](t, b, "location.pathname"); got != "/login" {
		t.Fatalf("a stranger is shown %s", got)
	}
	b.look(t, screens[2])
	b.shoot(t, "login")
	login := func(token string) {
		b.run(t, chromedp.SendKeys(chromedp.CSS("#token"), token+"\r"))
	}
	login("0123456789abcdef-not-the-token")
	b.await(t, "the refusal", `document.body.innerText.includes("This is not the token")`)
	_ = b.complaints() // of the status 403
	login("0123456789abcdef-the-token")
	b.await(t, "the page that was asked for", `location.pathname + location.search === "/history?kind=commit"`)
	if cookies := ask[string](t, b, "document.cookie"); cookies != "" {
		t.Errorf("scripts see the session: %q", cookies)
	}
	before := d.looks(t)
	b.run(t, chromedp.Click(chromedp.CSS("form[action='/look'] button")))
	b.await(t, "the fleet", `document.body.innerText.includes("was asked to look at Git")`)
	end := time.After(patience)
	for d.looks(t).Equal(before) {
		select {
		case <-end:
			t.Fatal("the daemon did not look")
		case <-time.After(20 * time.Millisecond):
		}
	}
	b.run(t, chromedp.Click(chromedp.CSS("form[action='/logout'] button")))
	b.await(t, "the login", `location.pathname === "/login"`)
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(bad, "\n"))
	}
}
