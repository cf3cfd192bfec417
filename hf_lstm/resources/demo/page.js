() => {
  // What was said of an earlier text must not stand beside the next one.
  document.addEventListener("input", () => document.querySelectorAll(".toast-close").forEach((button) => button.click()));

  // Gradio shows as a toast why it was not answered, and the hint in the place of the answer says it, too: so the toast
  // is hidden. What the server said is kept before Gradio hears of it, and nothing waits. Without a connection Gradio
  // would load the page anew, and the text be lost: it hears of a busy server instead.
  const { fetch } = globalThis;
  globalThis.fetch = async (address, ...options) => {
    const target = address?.url ?? address;
    if (/\/upload\b/.test(target)) document.documentElement.classList.remove("refused");  // its toast says what no hint does
    if (!/\/queue\/join\b/.test(target)) return fetch(address, ...options);
    const response = await fetch(address, ...options).catch(() => new Response("{}", { status: 503 }));
    const said = response.ok ? null : await response.clone().json().catch(() => null);
    globalThis.refusal = typeof said?.detail === "string" ? said.detail : null;
    document.documentElement.classList.toggle("refused", !response.ok);
    return response;
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
