// The page: draws what /api/v1/live tells. Text from outside is only ever set as text.

const part = (id) => document.getElementById(id);
const STAGES = { geocoded: "Places", thumbnailed: "Thumbnails", backed_up: "Backup copies" };
const STATES = ["done", "not_applicable", "running", "pending", "retrying", "quarantined"];
const WORDS = { not_applicable: "not needed", quarantined: "failed", open: "to do" };
const RANK = { green: 0, yellow: 1, red: 2 };

let status = null;
let receivedAt = 0;

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const word = (name) => WORDS[name] ?? name.replaceAll("_", " ");
const number = (value) => value.toLocaleString();
const chip = (text, colour = "") => make("span", { className: `chip ${colour}` }, text);
const under = (...children) => make("div", { className: "under said" }, ...children);
const photoAddress = (id) => `/photos/${encodeURIComponent(id)}`;

function size(bytes) {
  if (bytes === null) return "?";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function ago(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

function time(text) {
  return new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

// Draws a list anew where it changed; what is the same keeps its element, its focus, its picture.
function draw(id, items, makeItem) {
  const list = part(id);
  const kept = new Map([...list.children].map((element) => [element.dataset.drawn, element]));
  const wanted = items.map((item) => {
    const drawn = JSON.stringify(item);
    const element = kept.get(drawn) ?? makeItem(item);
    element.dataset.drawn = drawn;
    return element;
  });
  const same = wanted.length === list.children.length
    && wanted.every((element, index) => element === list.children[index]);
  if (!same) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.replaceChildren(...wanted);
    if (focused?.isConnected) focused.focus();
  }
}

function drawState() {
  const worst = Math.max(0, ...status.services.map((service) => RANK[service.colour]));
  const alerts = status.alerts.length;
  const [colour, text] = alerts
    ? ["red", alerts === 1 ? "1 thing needs a look" : `${alerts} things need a look`]
    : worst ? ["yellow", "A service waits"] : ["green", "All is well"];
  const state = part("state");
  if (state.textContent !== text) state.textContent = text;
  state.className = `pill ${colour}`;
  document.title = alerts ? `(${alerts}) Photo Factory` : "Photo Factory";
}

function drawNumbers() {
  const assets = status.assets;
  const arriving = status.inboxes.reduce((sum, inbox) => sum + inbox.waiting, 0);
  const tiles = [
    [number(assets.images), assets.images === 1 ? "photo" : "photos"],
    [number(assets.videos), assets.videos === 1 ? "video" : "videos"],
    [size(assets.size_bytes), "of originals"],
    [number(assets.last_hour), "filed in the last hour"],
    [number(arriving), "arriving now"],
  ];
  if (assets.undated) tiles.push([number(assets.undated), "without a date"]);
  if (assets.damaged) tiles.push([number(assets.damaged), "damaged", "bad", "damaged"]);
  if (assets.with_errors) tiles.push([number(assets.with_errors), "with errors", "bad"]);
  const keptOut = (status.files.quarantined ?? 0) + (status.files.failed ?? 0);
  if (keptOut) tiles.push([number(keptOut), "not in the library", "bad", "unfiled"]);
  const waiting = status.files.waiting;
  if (waiting) tiles.push([number(waiting), "waiting, mostly for a photo", "", "unfiled"]);
  draw("numbers", tiles, ([value, text, kind, list]) => {
    const words = [make("b", {}, value), make("span", {}, text)];
    return make("li", { className: kind ?? "" },
      ...(list ? [make("a", { href: `#${list}-part` }, ...words)] : words));
  });
}

function bar(counts) {
  const made = make("div", { className: "bar", ariaHidden: "true" });
  for (const [name, count] of counts) {
    if (!count) continue;
    const piece = make("i", { className: name });
    piece.style.flexGrow = count;
    made.append(piece);
  }
  return made;
}

function counted(counts, none = "nothing yet") {
  return counts.filter(([, count]) => count)
    .map(([name, count]) => `${number(count)} ${word(name)}`).join(" · ") || none;
}

function drawStage(stage) {
  const counts = STATES.map((state) => [state, stage[state]]);
  const title = make("b", {}, STAGES[stage.stage] ?? word(stage.stage));
  return make("li", {}, make("p", {}, title, make("span", {}, counted(counts))), bar(counts));
}

function drawJob(job) {
  const counts = Object.entries(job.counts).sort();
  const bars = counts.map(([name, count]) => [
    { open: "pending", failed: "quarantined", quarantined: "quarantined" }[name] ?? "done", count,
  ]).sort(([a], [b]) => STATES.indexOf(a) - STATES.indexOf(b));
  const title = make("b", {}, `${word(job.type)}: ${job.state}`);
  return make("li", { className: "card" },
    make("p", {}, title, make("span", {}, counted(counts, "looking for files"))), bar(bars));
}

function drawService(service) {
  const age = make("span", { className: "end" });
  if (service.heartbeat_age_s === null) age.textContent = "never seen";
  else age.dataset.service = service.name;
  return make("li", {},
    make("div", { className: "line" },
      make("span", { className: `dot ${service.colour}` }),
      make("b", {}, service.name),
      make("span", { className: "hidden-text" }, service.colour),
      age),
    under(service.current_task ?? ""));
}

function drawInbox(inbox) {
  const watching = { native: "watched", polling: "scanned" }[inbox.watching] ?? "not watched yet";
  const facts = [
    inbox.watching_reason,
    inbox.waiting ? `${number(inbox.waiting)} arriving` : null,
    inbox.unreadable ? `${number(inbox.unreadable)} unreadable` : null,
  ].filter(Boolean);
  return make("li", {},
    make("b", {}, inbox.path),
    make("div", { className: "line" },
      chip(inbox.mode === "move" ? "move: emptied once filed" : inbox.mode),
      chip(watching),
      inbox.state === "online" ? null : chip(inbox.state, "red")),
    facts.length ? under(facts.join(" · ")) : null,
    inbox.state_reason ? under(inbox.state_reason) : null);
}

function drawRoot(root) {
  const used = root.total_bytes ? root.total_bytes - root.free_bytes : 0;
  const backup = root.backup;
  const copies = backup && `${number(backup.verified_copies)} verified copies`
    + (backup.missing_copies ? `, ${number(backup.missing_copies)} to go` : "");
  return make("li", {},
    make("div", { className: "line" },
      make("b", {}, word(root.kind)),
      root.state === "online" ? null : chip(root.state, "red"),
      make("span", { className: "end" },
        root.free_bytes === null ? "not there" : `${size(root.free_bytes)} free`)),
    under(root.path),
    copies ? under(copies, backup.is_same_disk ? " " : null,
      backup.is_same_disk ? chip("same disk: does not survive its loss", "yellow") : null) : null,
    root.state_reason ? under(root.state_reason) : null,
    root.total_bytes ? bar([["done", used], ["free", root.free_bytes]]) : null);
}

function drawRoots() {
  const byPath = new Map(status.backups.map((backup) => [backup.path, backup]));
  const roots = status.roots.map((root) => {
    const step = (root.total_bytes ?? 0) / 500 || 1; // no new drawing for every byte
    const free = root.free_bytes === null ? null : Math.round(root.free_bytes / step) * step;
    return { ...root, free_bytes: free, backup: byPath.get(root.path) };
  });
  draw("roots", roots, drawRoot);
}

function drawPhoto(photo) {
  const picture = photo.has_thumbnail
    ? make("img", { src: `/api/v1/assets/${encodeURIComponent(photo.id)}/thumbnail`, alt: "" })
    : make("span", {}, photo.has_errors ? "no thumbnail" : "thumbnail follows");
  picture.addEventListener("error", () => picture.replaceWith("no thumbnail"));
  const taken = photo.captured_local ? time(photo.captured_local) : "date unknown";
  const unsure = photo.captured_local && photo.date_confidence === "low" ? " (uncertain)" : "";
  return make("li", {}, make("a", { href: photoAddress(photo.id) },
    make("div", { className: "frame" }, picture,
      photo.media_type === "video" ? make("span", { className: "mark" }, "video") : null),
    make("strong", { title: photo.name }, photo.name),
    make("small", {}, taken + unsure),
    photo.place ? make("small", {}, photo.place) : null));
}

function drawError(error) {
  const next = error.next_attempt_at ? ` · next try ${time(error.next_attempt_at)}` : "";
  return make("li", {},
    make("div", { className: "line" },
      make("a", { href: photoAddress(error.asset_id) }, error.name),
      chip(STAGES[error.stage] ?? word(error.stage)),
      chip(word(error.state), error.state === "quarantined" ? "red" : "yellow"),
      make("span", { className: "end" }, `${error.attempts} ${error.attempts === 1 ? "try" : "tries"}${next}`)),
    under(error.error));
}

function drawUnfiled(file) {
  return make("li", {},
    make("div", { className: "line" },
      make("b", {}, file.path),
      chip(file.outcome, file.outcome === "waiting" ? "yellow" : "red"),
      make("span", { className: "end" }, `since ${time(file.since)}`)),
    under([file.reason && word(file.reason), file.detail].filter(Boolean).join(": ")));
}

function drawDamaged(file) {
  return make("li", {},
    make("div", { className: "line" },
      make("a", { href: photoAddress(file.asset_id) }, file.path)),
    under(file.damage + (file.whole ? `; the whole picture is ${file.whole}` : "")));
}

function drawAges() {
  if (!status) return;
  const since = (performance.now() - receivedAt) / 1000;
  for (const service of status.services) {
    const age = document.querySelector(`[data-service="${CSS.escape(service.name)}"]`);
    if (age) age.textContent = ago(service.heartbeat_age_s + since);
  }
}

function drawAll() {
  drawState();
  draw("alerts", status.alerts, (alert) => make("li", {}, alert));
  drawNumbers();
  draw("jobs", status.jobs, drawJob);
  draw("latest", status.latest, drawPhoto);
  draw("stages", status.stages, drawStage);
  const services = status.services.map(({ heartbeat_age_s: age, last_heartbeat_at: _, ...rest }) =>
    ({ ...rest, heartbeat_age_s: age === null ? null : 0 })); // the age is drawn each second
  draw("services", services, drawService);
  draw("inboxes", status.inboxes.map(({ last_scanned_at: _, ...rest }) => rest), drawInbox);
  drawRoots();
  draw("errors", status.errors, drawError);
  draw("damaged", status.damaged, drawDamaged);
  draw("unfiled", status.unfiled, drawUnfiled);
  part("alerts").hidden = !status.alerts.length;
  part("no-photos").hidden = status.latest.length > 0;
  for (const id of ["jobs", "errors", "damaged", "unfiled"]) {
    part(`${id}-part`).hidden = !status[id].length;
  }
  drawAges();
}

function say(trouble) {
  const connection = part("connection");
  connection.hidden = !trouble;
  if (connection.textContent !== trouble) connection.textContent = trouble;
  part("content").classList.toggle("stale", Boolean(trouble) && status !== null);
  if (trouble) {
    part("state").textContent = "Not connected";
    part("state").className = "pill yellow";
  }
}

function connect() {
  const source = new EventSource("/api/v1/live");
  source.addEventListener("status", (event) => {
    status = JSON.parse(event.data);
    receivedAt = performance.now();
    say("");
    drawAll();
  });
  source.addEventListener("trouble", (event) => {
    say(`The factory's ledger can not be read: ${JSON.parse(event.data).detail}`);
  });
  source.addEventListener("error", () => {
    say("The connection to the factory is lost. This page shows what was last known and connects"
      + " again by itself; is ./photofactory up running?");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

setInterval(drawAges, 1000);
connect();
