// Composing: a count at every key, and one click that replaces the characters that make a text cost more.
// What they are and what could stand instead comes with the preview from the server.

import { count } from "./segments.js";

const ahead = document.getElementById("ahead");
const field = ahead && document.getElementById(ahead.dataset.field);
const before = [];
// With a merge field every recipient's text has a length of its own: the preview counts those.
const FIELD = /\{\p{L}[^{}|\n]{0,39}(\|[^{}]*)?\}/u;

function show() {
  const counted = count(field.value);
  const language = document.documentElement.lang;
  const texts = {
    characters: counted.characters.toLocaleString(language),
    segments: counted.segments.toLocaleString(language),
    encoding: counted.encoding === "gsm7" ? ahead.dataset.gsm : ahead.dataset.unicode,
  };
  for (const [name, text] of Object.entries(texts)) {
    const place = ahead.querySelector(`[data-shows="${name}"]`);
    place.textContent = text;
    place.parentElement.hidden = FIELD.test(field.value);
  }
  ahead.querySelector("[data-undo]").hidden = before.length === 0;
}

function write(text) {
  field.value = text;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function replaceCostly(event) {
  const button = event.target.closest("[data-replacements]");
  if (!button) return;
  const instead = JSON.parse(button.dataset.replacements);
  before.push(field.value);
  write(Array.from(field.value.normalize("NFC"), (char) => instead[char] ?? char).join(""));
}

function undo(event) {
  if (event.target.closest("[data-undo]") && before.length) write(before.pop());
}

// What has been typed on after a replacement is not thrown away by undoing it.
function forget(event) {
  if (event.isTrusted) before.length = 0;
}

if (field) {
  ahead.hidden = false;
  field.addEventListener("input", forget);
  field.addEventListener("input", show);
  document.addEventListener("click", replaceCostly);
  document.addEventListener("click", undo);
  show();
}
