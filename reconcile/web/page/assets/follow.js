// Keeps a page up to date: an event names what changed, and the page asks for itself
// again and takes over the parts that are marked data-live. Text only ever comes out
// of the server's templates; nothing here builds HTML.
"use strict";

const watch = document.body.dataset.watch;
const pulse = document.getElementById("pulse");
let events = null, missed = false, waiting = 0, asking = false, again = false, notBefore = 0;

function show(on) {
  pulse.hidden = false;
  pulse.classList.toggle("on", on);
  pulse.textContent = on ? "live" : "not live";
}

function concerns(change) {
  return watch === "*" || change.all || (change.resources || []).includes(watch);
}

// refresh asks for this page again, at most once in half a second.
function refresh() {
  if (waiting) return;
  waiting = setTimeout(() => { waiting = 0; load(); }, 500);
}

async function load() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.redirected) { location.reload(); return; } // the session ended
    if (answer.headers.get("Content-Type")?.startsWith("text/html")) {
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    show(false); // the stream finds out when the daemon is back
  } finally {
    asking = false;
    if (again) { again = false; refresh(); }
  }
}

function take(page) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (fresh && fresh.innerHTML !== old.dataset.made) {
      const made = fresh.innerHTML;
      const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
      old.replaceChildren(...document.adoptNode(fresh).childNodes);
      old.dataset.made = made;
      if (focused) old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
  document.title = page.title;
  count();
}

// count lets drains run down between two looks, from the seconds that were left when
// the page was made: this machine's clock need not be the daemon's.
function count() {
  for (const at of document.querySelectorAll("[data-left]")) {
    at.born ??= performance.now();
    const left = Number(at.dataset.left) - Math.floor((performance.now() - at.born) / 1000);
    const n = Math.abs(left), text = Math.floor(n / 60) + ":" + String(n % 60).padStart(2, "0");
    at.textContent = left < 0 ? text + " past its time" : "at most " + text + " left";
  }
}

// A browser opens few connections to one host, so only a page that is seen follows.
function follow() {
  if (document.hidden) {
    events?.close();
    events = null;
    missed = true;
    notBefore = 0;
    return;
  }
  if (events && events.readyState !== EventSource.CLOSED || performance.now() < notBefore) return;
  notBefore = performance.now() + 15000; // a daemon with too many streams is not asked every second
  events = new EventSource("/api/v1/events");
  events.onopen = () => { show(true); if (missed) refresh(); missed = false; };
  events.onerror = () => {
    show(false);
    missed = true;
    if (events?.readyState === EventSource.CLOSED) refresh(); // leads to the login, where the session has ended
  };
  events.addEventListener("change", (e) => { if (concerns(JSON.parse(e.data))) refresh(); });
}

document.addEventListener("visibilitychange", follow);
setInterval(() => { count(); follow(); }, 1000);
count();
follow();
