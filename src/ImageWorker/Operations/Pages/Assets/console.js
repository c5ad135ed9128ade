"use strict";
// What the server rendered works without this. It keeps a page up to date, asks before it acts, and knows a few keys.

const root = document.documentElement.dataset.root;

// A picture that cannot be shown says so, also if it failed before this came.
function sayFailed(image) {
    image.replaceWith(Object.assign(document.createElement("span"), { textContent: image.dataset.failed ?? "" }));
}
document.addEventListener("error", event => {
    if (event.target instanceof HTMLImageElement)
        sayFailed(event.target);
}, true);
for (const image of [...document.images].filter(image => image.complete && image.naturalWidth === 0))
    sayFailed(image);

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
    if (!document.querySelector("[data-part]"))
        return;
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

// Who may act is asked before anything is done. The header shows that no other site's form has sent it.
const ask = document.querySelector("#ask");
let asked = null;

async function post(button, more) {
    const answer = await fetch(button.dataset.act, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-ImageWorker": "act" },
        body: JSON.stringify({ ...JSON.parse(button.dataset.body), ...more }),
    });
    const text = await answer.text();
    let said = {};
    try {
        said = JSON.parse(text);
    } catch {
        // An answer without a body says enough by its status.
    }
    if (!answer.ok)
        throw new Error(said.detail ?? (text || `HTTP ${answer.status}`));
    return said;
}

function say(text, isBad) {
    const line = ask.querySelector(".said");
    line.textContent = text;
    line.classList.toggle("bad", isBad);
}

document.addEventListener("click", async event => {
    if (event.target.closest("[data-ask-close]"))
        ask.close();
    const button = event.target.closest("[data-act]");
    if (!button || !ask)
        return;
    asked = button;
    const { ask: title, detail, input, preview } = button.dataset;
    const submit = ask.querySelector("[type=submit]");
    ask.querySelector("#ask-title").textContent = title;
    ask.querySelector("[data-ask-detail]").textContent = detail;
    ask.querySelector("[data-ask-label]").hidden = input === undefined;
    ask.querySelector("[data-ask-label] span").textContent = input ?? "";
    ask.querySelector("[name=given]").required = input !== undefined && preview === undefined;
    ask.querySelector("[name=given]").value = "";
    submit.textContent = button.textContent;
    submit.classList.toggle("danger", button.classList.contains("danger"));
    submit.disabled = preview !== undefined;
    say("", false);
    ask.showModal();
    if (preview === undefined)
        return;
    try {
        const { count, images, estimatedCost, more } = await post(button, { preview: true });
        if (asked !== button)
            return;
        const cost = estimatedCost ? `, about ${estimatedCost} EUR` : "";
        say(`${more ? "At least " : ""}${count.toLocaleString("en")} requests with ${images.toLocaleString("en")} images${cost}.`, false);
        submit.disabled = count === 0 && !more;
    } catch (problem) {
        say(problem.message, true);
    }
});

ask?.addEventListener("close", () => asked = null);

// The API acts on a page of requests with each call. It ends once the question is closed.
async function actOnAll(button, more) {
    let done = 0;
    let end;
    do {
        end = await post(button, { ...more, preview: false, after: end?.next ?? null });
        done += end.done;
        say(`${done.toLocaleString("en")} done.`, false);
    } while (end.next && asked === button);
    return end;
}

// The API acts on a part of the messages with each call. Those that come back in the meantime are not acted on again.
async function actUntilNoneIsLeft(button, more) {
    let done = 0;
    let all;
    let end;
    do {
        end = await post(button, more);
        done += end.done;
        all ??= end.done + end.left;
        say(`${done.toLocaleString("en")} of ${all.toLocaleString("en")} done.`, false);
    } while (end.done > 0 && done < all && asked === button);
    return end;
}

// A request that was asked for just now can be shown once a worker has taken it.
async function taken(id) {
    for (let look = 0; look < 40; look++) {
        if ((await fetch(`${root}api/requests/${id}`)).ok)
            return;
        await new Promise(next => setTimeout(next, 250));
    }
    throw new Error(`Asked for as ${id}. No worker has taken it yet.`);
}

ask?.querySelector("form").addEventListener("submit", async event => {
    event.preventDefault();
    const button = asked;
    const submit = ask.querySelector("[type=submit]");
    const { inputName, number, preview, repeat } = button.dataset;
    const given = ask.querySelector("[name=given]").value;
    const more = {};
    if (inputName !== undefined && given !== "")
        more[inputName] = number === undefined ? given : Number(given);
    submit.disabled = true;
    try {
        const act = preview !== undefined ? actOnAll : repeat !== undefined ? actUntilNoneIsLeft : post;
        const end = await act(button, more);
        if (end.newRequestId) {
            await taken(end.newRequestId);
            location.href = `${root}requests/${end.newRequestId}`;
        } else {
            location.reload();
        }
    } catch (problem) {
        say(problem.message, true);
        submit.disabled = false;
    }
});
