// Asks for the name of a field only where a column becomes one. Without this script the name is always there.

for (const column of document.querySelectorAll("[data-column]")) {
  const role = column.querySelector("select");
  const name = column.querySelector("input[type=text]")?.closest(".field");
  if (!name) continue;
  const show = () => { name.hidden = role.value !== "field"; };
  role.addEventListener("change", show);
  show();
}
