// The overview alive: fresh parts every five seconds, words the moment they stop coming.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Light and dark: the server remembers by cookie, the page need not be asked for again.
  const dark = $("[data-dark]");
  $("[data-theme-toggle]")?.addEventListener("click", event => {
    event.preventDefault();
    const theme = matchMedia(dark.media).matches ? "light" : "dark";
    dark.media = theme === "dark" ? "all" : "not all";
    document.documentElement.dataset.theme = theme;
    $("meta[name=color-scheme]").content = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
  });

  const main = $("[data-fragment]");
  if (!main) return;

  // One tip for every school: by mouse, by touch, and by the arrow keys once the grid has focus.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  tip.append(document.createElement("b"), document.createElement("small"));
  document.body.append(tip);
  let chosen = null;
  const point = cell => {
    chosen?.classList.remove("on");
    chosen = cell;
    tip.hidden = !cell;
    if (!cell) return;
    // The browser's own tip would come on top of ours.
    if (cell.title) { cell.dataset.tip = cell.title; cell.removeAttribute("title"); }
    const [name, ...rest] = cell.dataset.tip.split("\n");
    tip.firstChild.textContent = name;
    tip.lastChild.textContent = rest.join("\n");
    cell.classList.add("on");
    const box = cell.getBoundingClientRect();
    const below = box.bottom + tip.offsetHeight + 12 < innerHeight;
    tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${below ? box.bottom + 8 : box.top - tip.offsetHeight - 8}px`;
  };
  const cells = () => all(".heat .cell", main);
  const step = key => {
    const list = cells(), box = chosen?.getBoundingClientRect();
    if (!box) return list[0];
    const at = list.indexOf(chosen);
    if (key === "ArrowRight") return list[at + 1] ?? chosen;
    if (key === "ArrowLeft") return list[at - 1] ?? chosen;
    const down = key === "ArrowDown";
    const far = cell => {
      const other = cell.getBoundingClientRect(), rise = down ? other.top - box.top : box.top - other.top;
      return rise > 4 ? rise * 100 + Math.abs(other.left - box.left) : Infinity;
    };
    const best = list.reduce((a, b) => far(b) < far(a) ? b : a);
    return far(best) === Infinity ? chosen : best;
  };
  // An alert lights up its own schools and dims the rest.
  const light = row => {
    const heat = $(".heat", main), numbers = row?.dataset.cells;
    if (!heat) return;
    heat.classList.toggle("dim", Boolean(numbers));
    const list = cells();
    list.forEach(cell => cell.classList.remove("lit"));
    if (numbers) numbers.split(",").forEach(number => list[number]?.classList.add("lit"));
  };
  main.addEventListener("mouseover", event => {
    point(event.target.closest(".heat .cell"));
    light(event.target.closest("[data-cells]"));
  });
  main.addEventListener("mouseleave", () => { point(null); light(null); });
  addEventListener("scroll", () => point(document.activeElement?.matches(".heat") ? chosen : null), { passive: true });
  main.addEventListener("focusout", () => point(null));
  main.addEventListener("keydown", event => {
    if (event.key === "Escape") point(null);
    if (!event.key.startsWith("Arrow") || !event.target.matches(".heat")) return;
    event.preventDefault();
    const next = step(event.key);
    next?.scrollIntoView({ block: "nearest" });
    point(next);
  });

  // How old is what is shown: what the server said, and the time since it last said anything.
  const limit = Number(main.dataset.limit);
  let age = main.dataset.age === "" ? null : Number(main.dataset.age);
  let heard = performance.now(), failed = false;
  const tell = () => {
    const silent = (performance.now() - heard) / 1000;
    const now = age === null ? null : age + silent;
    const stale = failed || silent > 15 || now === null || now > limit;
    const live = $("[data-live]"), word = live.firstElementChild;
    const text = stale ? live.dataset.stale : live.dataset.fresh;
    if (word.textContent !== text) word.textContent = text;
    live.classList.toggle("is-stale", stale);
    main.classList.toggle("is-stale", stale);
    const shown = $("[data-age-text]", main);
    if (shown && now !== null) shown.textContent = Math.round(now);
    const title = $("[data-title]", main).dataset.title;
    document.title = stale ? `${text} · ${title.split(" · ").slice(1).join(" · ")}` : title;
  };

  // A part is replaced only when the server says something new: focus and the reader's eye stay.
  const known = new Map(all("[data-part]", main).map(part => [part.dataset.part, null]));
  let tag = null;
  const swap = html => {
    const next = new DOMParser().parseFromString(html, "text/html");
    for (const part of all("[data-part]", next)) {
      const name = part.dataset.part, text = part.outerHTML;
      if (known.get(name) === text) continue;
      known.set(name, text);
      const old = $(`[data-part="${name}"]`, main);
      if (!old) continue;
      const focused = old.contains(document.activeElement) && name === "heat";
      const at = focused && chosen ? cells().indexOf(chosen) : -1;
      if (old.contains(chosen)) point(null);
      old.replaceWith(part);
      if (focused) { $(".heat", part)?.focus({ preventScroll: true }); if (at >= 0) point(cells()[at]); }
    }
  };
  const refresh = async () => {
    try {
      const answer = await fetch(main.dataset.fragment, { cache: "no-cache", signal: AbortSignal.timeout(8000) });
      if (!answer.ok) throw new Error(answer.statusText);
      const said = answer.headers.get("Edunet-Data-Age"), html = await answer.text();
      age = said ? Number(said) : null;
      if (answer.headers.get("ETag") !== tag) { tag = answer.headers.get("ETag"); swap(html); }
      heard = performance.now();
      failed = false;
    } catch {
      failed = true;
    }
    tell();
  };
  let waiting = 0;
  const round = async () => {
    clearTimeout(waiting);
    await refresh();
    waiting = setTimeout(round, 5000);
  };
  waiting = setTimeout(round, 5000);
  setInterval(tell, 1000);
  addEventListener("visibilitychange", () => document.hidden || round());
})();
