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

// What is shown is kept up to date: numbers from the events, lists and plots by reading the page again, seldom.
const refreshEvery = 10_000;
let changed = false;
let refreshedAt = Date.now();

function shown(value, as) {
    if (value === null || value === undefined)
        return "";
    switch (as) {
        case "text": return String(value);
        case "cost": return Number(value).toFixed(4);
        case "parts": return Object.entries(value).filter(([, count]) => count > 0).map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
        default: return Number(value).toLocaleString("en");
    }
}

function put(element, text) {
    if (element && element.textContent !== text)
        element.textContent = text;
}

function take(fields) {
    for (const element of document.querySelectorAll("[data-live]")) {
        const [field, ...path] = element.dataset.live.split(".");
        if (field in fields)
            put(element, shown(path.reduce((value, name) => value?.[name], fields[field]), element.dataset.as));
    }
    const sentence = document.querySelector("[data-holds-up]");
    if (sentence && "holdsUp" in fields) {
        put(sentence, fields.holdsUp ?? sentence.dataset.holdsUp);
        sentence.classList.toggle("bad", fields.holdsUp !== null);
    }
    for (const part of fields.health ?? []) {
        const dot = document.querySelector(`[data-health="${part.name}"]`);
        dot?.classList.toggle("good", part.isGood);
        dot?.classList.toggle("bad", !part.isGood);
        if (dot)
            dot.title = part.text;
        put(dot?.querySelector(".sr"), part.isGood ? ": good" : ": bad");
    }
}

async function refresh() {
    changed = false;
    refreshedAt = Date.now();
    const answer = await fetch(location.href);
    if (!answer.ok)
        return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
        const next = page.querySelector(`[data-part="${part.dataset.part}"]`);
        // Who is in a part with the keyboard or the pointer keeps it as it is.
        if (next && !part.contains(document.activeElement) && !part.matches(":hover") && part.innerHTML !== next.innerHTML)
            part.replaceChildren(...document.adoptNode(next).childNodes);
    }
}

if ("live" in document.documentElement.dataset) {
    const events = new EventSource(`${root}api/events`);
    let first = true;
    events.onmessage = event => {
        take(JSON.parse(event.data));
        changed ||= !first;
        first = false;
    };
    setInterval(() => {
        if (changed && !document.hidden && Date.now() - refreshedAt >= refreshEvery)
            refresh().catch(() => { });
    }, 1_000);
    addEventListener("pagehide", () => events.close());
}
