// Composing: one click replaces the characters that make a text cost more.
// What they are and what could stand instead comes with the preview from the server.

function replaceCostly(event) {
  const button = event.target.closest("[data-replacements]");
  const field = button && document.getElementById(button.dataset.field);
  if (!field) return;
  const instead = JSON.parse(button.dataset.replacements);
  field.value = Array.from(field.value.normalize("NFC"), (char) => instead[char] ?? char).join("");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", replaceCostly);
