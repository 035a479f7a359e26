// Keeps what stands in [data-live="SECONDS"] up to date: fetches this very page again and puts each
// section that has become another in the place of the old one. What a person has opened stays open,
// what they have reached by keyboard stays reached, and a section that they are writing in, or
// pressing a button of, is left as it is until they are done. Nothing is fetched while the page is out of sight. Without this script the link
// beside the title does the same.
//
// Who hears the page is told what has changed, and nothing else: of what is marked [data-tell], the
// words there, or else its text, that differ from before; politely, and not too often.
"use strict";

(() => {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const pause = Number(part.dataset.live) * 1000;
  const FIRST_MS = 800;
  let tag = "";
  let failures = 0;
  let timer = 0;
  let pressed = false;

  // --- what is said

  const SAY_EVERY_MS = 10000;
  const voice = document.createElement("p");
  voice.className = "unseen";
  voice.id = "live-said";
  voice.setAttribute("role", "status");
  part.after(voice);
  const news = new Map();
  let resting = false;

  const say = () => {
    resting = news.size > 0;
    if (!resting) return;
    voice.textContent = [...news.values()].join(" ");
    news.clear();
    setTimeout(say, SAY_EVERY_MS);
  };

  // Each text by its section and its place there.
  const told = (root) => {
    const texts = new Map();
    for (const element of root.querySelectorAll("[data-tell]")) {
      const section = element.closest("section[aria-labelledby]");
      const name = section && root.contains(section) ? section.getAttribute("aria-labelledby") : "";
      let n = 0;
      while (texts.has(`${name} ${n}`)) n++;
      texts.set(`${name} ${n}`, element.dataset.tell || element.textContent.trim());
    }
    return texts;
  };

  let heard = told(part);
  const tell = (now) => {
    for (const [key, text] of now) if (heard.get(key) !== text) news.set(key, text);
    heard = now;
    if (!resting) say();
  };

  // --- what is shown

  const sections = (root) =>
    new Map([...root.querySelectorAll("section")].map(
      (s) => [s.id || s.getAttribute("aria-labelledby"), s]));

  // What the server said: each section's HTML, and all that stands around them.
  const read = (root) => {
    const copy = root.cloneNode(true);
    const parts = new Map();
    for (const [key, section] of sections(copy)) {
      parts.set(key, section.innerHTML);
      section.replaceChildren();
    }
    return { parts, around: copy.innerHTML };
  };
  let known = read(part);

  const written = (field) => field.type !== "hidden" && field.type !== "checkbox" &&
    field.defaultValue !== undefined && field.value !== field.defaultValue;
  const busy = (root) => {
    const focused = document.activeElement;
    return pressed || [...root.querySelectorAll("input, textarea")].some(written) ||
      (root.contains(focused) && focused.matches("input, textarea, select"));
  };

  // A selector for the thing in focus, so that the same is found once more.
  const nameOf = (element) => {
    const quoted = (name, value) => `[${name}="${CSS.escape(value)}"]`;
    if (element.id) return "#" + CSS.escape(element.id);
    if (element.matches("summary")) return `#${CSS.escape(element.parentElement.id)} > summary`;
    if (element.matches("a")) return "a" + quoted("href", element.getAttribute("href"));
    if (element.form) return "form" + quoted("action", element.form.getAttribute("action")) + " button";
    return "";
  };

  const swap = (old, fresh) => {
    const focused = document.activeElement;
    const name = old.contains(focused) && focused !== old ? nameOf(focused) : null;
    for (const opened of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector("#" + CSS.escape(opened.id));
      if (same) same.open = true;
    }
    old.replaceChildren(...fresh.childNodes);
    if (name === null) return;
    let target = name && old.querySelector(name);
    if (!target) {
      target = old.querySelector("h2, h3"); // it is gone: its neighbours are near
      if (target) target.tabIndex = -1;
    }
    if (target) target.focus({ preventScroll: true });
  };

  // Whether all of it could be taken.
  const take = (fresh) => {
    const now = read(fresh);
    if (now.around !== known.around) {
      if (busy(part)) return false;
      swap(part, fresh);
      known = now;
      return true;
    }
    const olds = sections(part);
    let all = true;
    for (const [key, section] of sections(fresh)) {
      if (now.parts.get(key) === known.parts.get(key)) continue;
      if (busy(olds.get(key))) {
        all = false;
        continue;
      }
      known.parts.set(key, now.parts.get(key));
      swap(olds.get(key), section);
    }
    return all;
  };

  const look = async () => {
    clearTimeout(timer);
    if (!document.hidden && String(getSelection()) === "") {
      try {
        const headers = tag ? { "If-None-Match": tag } : {};
        const answer = await fetch(location.href, { headers, cache: "no-store" });
        failures = 0;
        if (answer.status === 200) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.getElementById(part.id);
          if (!fresh) {
            location.reload(); // signed out meanwhile, or something else stands here now
            return;
          }
          tell(told(fresh));
          tag = take(fresh) ? answer.headers.get("ETag") || "" : "";
        }
      } catch {
        failures = Math.min(failures + 1, 5);
      }
    }
    clearTimeout(timer);
    timer = setTimeout(look, pause * 2 ** failures);
  };

  addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel", "blur"])
    addEventListener(end, () => { pressed = false; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  timer = setTimeout(look, Math.min(pause, FIRST_MS)); // what was just done shows at once
  document.documentElement.classList.add("is-live");
})();
