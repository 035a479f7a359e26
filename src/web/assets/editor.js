// The editor of texts: shows what is wrong and how the message reads while one types, puts names
// into the text at the cursor, and leads from a mistake to its line. Without this script the button
// "Preview" does the first, and copying the second.
"use strict";

(() => {
  const form = document.querySelector("form.editor");
  const text = document.getElementById("text");
  const show = document.getElementById("show");
  if (!form || !text) return;
  const PAUSE_MS = 500;
  let timer = 0;
  let asked = 0;
  let answered = 0;

  const take = (page, id) => {
    const here = document.getElementById(id);
    const fresh = page.getElementById(id);
    // What is the same stays, so that nobody is told it again.
    if (here && fresh && here.innerHTML !== fresh.innerHTML) here.replaceChildren(...fresh.childNodes);
  };

  // What is wrong belongs to the text, also for those who only hear it.
  const describe = () => {
    const wrong = document.getElementById("wrong") !== null;
    const noted = document.getElementById("noted") !== null;
    const about = [wrong && "wrong", noted && "noted"].filter(Boolean).join(" ");
    if (wrong) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
    if (about) text.setAttribute("aria-describedby", about);
    else text.removeAttribute("aria-describedby");
  };

  const look = async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (!answer.ok || mine < answered) return;
      answered = mine;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      take(page, "problems");
      take(page, "preview");
      describe();
    } catch {
      // The next key tries again.
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  };

  const insert = (words) => {
    text.focus();
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
    soon();
  };

  // A mistake's line: select from its column to the end of the line.
  const goTo = (line, column) => {
    const lines = text.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
    const start = before + [...(lines[line - 1] || "")].slice(0, Math.max(column - 1, 0)).join("").length;
    text.focus();
    text.setSelectionRange(start, before + (lines[line - 1] || "").length);
  };

  if (show) {
    text.addEventListener("input", soon);
    for (const id of ["record", "rule"]) {
      const field = document.getElementById(id);
      if (field) field.addEventListener("change", soon);
    }
    for (const code of document.querySelectorAll("[data-insert]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "insert";
      button.textContent = code.textContent;
      button.addEventListener("click", () => insert(code.dataset.insert));
      code.replaceWith(button);
    }
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    goTo(Number(link.dataset.line), Number(link.dataset.column));
  });
})();
