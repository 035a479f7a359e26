// Keeps what stands in [data-live="SECONDS"] up to date: fetches this very page again and puts the
// new part in the place of the old one. What a person has opened stays open, what they have reached
// by keyboard stays reached. Nothing is fetched while the page is out of sight. Without this script
// the link beside the title does the same.
"use strict";

(() => {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const pause = Number(part.dataset.live) * 1000;
  let tag = "";
  let failures = 0;

  const opened = (root) => [...root.querySelectorAll("details[open]")].map((d) => d.id);

  const replace = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById(part.id);
    if (!fresh) {
      location.reload(); // signed out meanwhile, or something else stands here now
      return;
    }
    const focused = document.activeElement;
    const inside = part.contains(focused) && focused !== part;
    if (inside && !focused.id && focused.tagName !== "SUMMARY") return;
    const key = inside && (focused.id || focused.parentElement.id);
    for (const id of opened(part)) {
      const same = fresh.querySelector("#" + CSS.escape(id));
      if (same) same.open = true;
    }
    part.replaceChildren(...fresh.childNodes);
    if (key) {
      const again = document.getElementById(key);
      const target = again && again.tagName === "DETAILS" ? again.querySelector("summary") : again;
      if (target) target.focus({ preventScroll: true });
    }
  };

  const look = async () => {
    if (!document.hidden && String(getSelection()) === "") {
      try {
        const headers = tag ? { "If-None-Match": tag } : {};
        const answer = await fetch(location.href, { headers, cache: "no-store" });
        failures = 0;
        if (answer.status === 200) {
          tag = answer.headers.get("ETag") || "";
          replace(await answer.text());
        }
      } catch {
        failures = Math.min(failures + 1, 5);
      }
    }
    setTimeout(look, pause * 2 ** failures);
  };

  setTimeout(look, pause);
  document.documentElement.classList.add("is-live");
})();
