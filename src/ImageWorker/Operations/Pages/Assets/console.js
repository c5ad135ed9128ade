"use strict";
// What the server rendered works without this. It keeps a page up to date, asks before it acts, and knows a few keys.

const root = document.documentElement.dataset.root;

// A picture that cannot be shown says so.
document.addEventListener("error", event => {
    if (event.target instanceof HTMLImageElement)
        event.target.replaceWith(Object.assign(document.createElement("span"), { textContent: event.target.dataset.failed ?? "" }));
}, true);

document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
        return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement) {
        if (event.key === "Escape")
            event.target.blur();
        return;
    }
    const rows = [...document.querySelectorAll("table.requests tbody a.id")];
    const at = rows.indexOf(document.activeElement);
    switch (event.key) {
        case "j": rows[Math.min(at + 1, rows.length - 1)]?.focus(); break;
        case "k": rows[Math.max(at - 1, 0)]?.focus(); break;
        case "/": document.querySelector("[data-find]")?.focus(); break;
        case "o": location.href = root; break;
        case "r": location.href = `${root}requests`; break;
        default: return;
    }
    event.preventDefault();
});
