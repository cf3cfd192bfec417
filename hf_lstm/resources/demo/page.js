() => {
  // What was said of an earlier text must not stand beside the next one.
  document.addEventListener("input", () => document.querySelectorAll(".toast-close").forEach((button) => button.click()));

  // Gradio shows as a toast why a request failed. The answer's hint says so instead: nothing is told twice. What is not
  // meant for people, such as an answer that is no JSON, says no "please".
  globalThis.takeRefusal = async () => {
    const end = Date.now() + 2000;
    while (Date.now() < end) {
      const toast = document.querySelector(".toast-body.error");
      const message = toast?.querySelector(".toast-message-text")?.textContent.trim();
      if (message) {
        toast.querySelector(".toast-close").click();
        return /please/i.test(message) ? message : null;
      }
      await new Promise((resume) => setTimeout(resume, 30));
    }
    return null;
  };

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
