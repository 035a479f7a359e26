// The form of a rule: tells what is wrong while one types and chooses, each mistake at its field, in
// the words that saving would use. What is new is also said once, for those who cannot see it.
// Without this script the button at the form's end tells the same.
"use strict";

(() => {
  const form = document.getElementById("rule-form");
  const rest = document.getElementById("rest");
  const said = document.getElementById("said");
  if (!form || !rest || !said) return;
  const PAUSE_MS = 500;
  let timer = 0;
  let asked = 0;
  let answered = 0;

  const errorOf = (control) => control.closest(".field").querySelector(".wrong");
  const fields = () => [...form.querySelectorAll(".field [name]")];
  const mistakes = () =>
    fields().filter(errorOf).map((c) => `${c.labels[0].textContent}: ${errorOf(c).textContent}`);

  // The field as the fresh page has it, but for its value: that is the typist's.
  const take = (control, page) => {
    const fresh = page.getElementById(control.id);
    if (!fresh) return;
    for (const name of ["aria-invalid", "aria-describedby"]) {
      if (fresh.hasAttribute(name)) control.setAttribute(name, fresh.getAttribute(name));
      else control.removeAttribute(name);
    }
    const error = errorOf(control);
    if (error) error.remove();
    if (errorOf(fresh)) control.before(errorOf(fresh));
  };

  const look = async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action + "/check", { method: "POST", body });
      if (!answer.ok || mine < answered) return;
      answered = mine;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("rest");
      if (!fresh) return; // signed out meanwhile
      const before = mistakes();
      for (const control of fields()) take(control, page);
      const now = mistakes();
      const news = now.filter((text) => !before.includes(text));
      if (news.length > 0) said.textContent = news.join(" ");
      else if (now.length === 0 && before.length > 0) said.textContent = said.dataset.right;
      if (rest.innerHTML !== fresh.innerHTML) rest.replaceChildren(...fresh.childNodes);
    } catch {
      // The next key tries again.
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  };

  form.addEventListener("input", soon);
  form.addEventListener("change", soon); // some browsers tell of a choice in a list by this alone
})();
