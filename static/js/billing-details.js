// Shows what only the chosen country asks for. Without this script every field is there, each under its country.

const country = document.querySelector("select[name=country]");
const groups = document.querySelectorAll("[data-country]");

function show() {
  for (const group of groups) group.hidden = group.dataset.country !== country.value;
}

if (country) {
  country.addEventListener("change", show);
  show();
}
