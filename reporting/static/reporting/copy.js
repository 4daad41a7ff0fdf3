// The buttons that copy a text of the page. Without a script, the text is there to select.
for (const button of document.querySelectorAll("[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const status = button.parentElement.querySelector("[role=status]");
  const select = () => window.getSelection().selectAllChildren(source);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = "Copied.";
    } catch {
      // A page without HTTPS may not write to the clipboard.
      select();
      status.textContent = "Selected; copy it with Ctrl+C or ⌘C.";
    }
  });
}
