// A box that shows what is typed into the password fields of a form.
for (const form of document.querySelectorAll("form")) {
  const fields = form.querySelectorAll("input[type=password]");
  if (!fields.length) continue;
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => {
    for (const field of fields) field.type = box.checked ? "text" : "password";
  });
  label.append(box, " Show the password");
  form.querySelector("button").before(label);
}
