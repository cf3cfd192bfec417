() => {
  // What was said of an earlier text must not stand beside the next one.
  document.addEventListener("input", () => document.querySelectorAll(".toast-close").forEach((button) => button.click()));

  // Ctrl+Enter, or Command and Enter, asks for the answer from any field of a tab.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = event.target.closest?.("[role='tabpanel']")?.querySelector("button.primary");
    if (!button || !event.target.matches("textarea, input")) return;
    event.preventDefault();
    // Gradio takes what was typed into the field on its next turn.
    setTimeout(() => button.click(), 0);
  });
}
