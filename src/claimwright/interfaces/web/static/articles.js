// Warns before an edited text is left unsaved. Without scripts the page works the same, without the warning.
const field = document.querySelector("textarea[data-unsaved]");
if (field) {
  const before = field.value;
  let sent = false;
  field.form.addEventListener("submit", () => { sent = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!sent && field.value !== before) event.preventDefault();
  });
}
