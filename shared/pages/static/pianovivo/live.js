/* Keeps an open page true: applies the "plan" events of the stream named on <body>. Plain ES5 for old office PCs;
   without it the page is complete, only still. The shape of a message is shared/pages/live.py. */
(function () {
  "use strict";

  var MAX_CHANGES = 20;
  var english = document.documentElement.lang === "en";
  var source = document.body.getAttribute("data-live-source");
  var state = document.getElementById("live-state");
  var news = document.getElementById("live-news");

  if (!source || !window.EventSource) { return; }

  function each(selector, action) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), action);
  }

  function say(it, en) { return english ? en : it; }

  function clock() {
    var now = new Date();
    return ("0" + now.getHours()).slice(-2) + ":" + ("0" + now.getMinutes()).slice(-2);
  }

  function show(text, kind) {
    if (!state) { return; }
    state.hidden = false;
    state.setAttribute("data-state", kind);
    state.textContent = text;
  }

  function replaceFigure(element, figure) {
    var before = parseInt(element.getAttribute("data-value"), 10);
    element.textContent = figure.text;
    element.setAttribute("data-value", figure.value);
    if (isNaN(before) || before === figure.value) { return null; }
    element.setAttribute("data-cue", figure.value > before ? "up" : "down");
    return (element.getAttribute("data-label") || "") + " " + figure.text;
  }

  function applyFigures(figures) {
    var told = [];
    var count = 0;
    each("[data-cue]", function (element) { element.removeAttribute("data-cue"); });
    each("[data-figure]", function (element) {
      var id = element.getAttribute("data-figure");
      var words = Object.prototype.hasOwnProperty.call(figures, id) ? replaceFigure(element, figures[id]) : null;
      if (words === null) { return; }
      count += 1;
      if (words.charAt(0) !== " ") { told.push(words); }
    });
    return { count: count, words: told };
  }

  function applyArea(area) {
    var map = document.getElementById(area.map_id);
    var element = map && map.querySelector('[data-istat="' + area.istat_code + '"]');
    if (!element) { return; }
    element.setAttribute("data-class", area.map_class);
    element.querySelector("title").textContent = area.title;
    element.querySelector("text").textContent = area.short;
  }

  function addChange(change) {
    var list = document.getElementById("changes");
    var item = document.createElement("li");
    var time = document.createElement("span");
    if (!list) { return; }
    time.className = "pv-change-time";
    time.textContent = change.at_text;
    item.appendChild(time);
    item.appendChild(document.createTextNode(" " + change.text));
    list.insertBefore(item, list.firstChild);
    while (list.children.length > MAX_CHANGES) { list.removeChild(list.lastElementChild); }
  }

  function replaceList(id, items) {
    each('[data-list="' + id + '"]', function (element) {
      element.textContent = "";
      items.forEach(function (text) {
        element.appendChild(document.createElement("li")).textContent = text;
      });
    });
  }

  function apply(event) {
    var message = JSON.parse(event.data);
    var figures = applyFigures(message.figures);
    message.areas.forEach(applyArea);
    /* Oldest first, so that the newest ends on top. */
    message.changes.forEach(addChange);
    Object.keys(message.lists).forEach(function (id) { replaceList(id, message.lists[id]); });
    show(say("Aggiornato alle ", "Updated at ") + clock(), "open");
    if (news && figures.count > 0) {
      news.textContent = (figures.count === 1 ? say("1 valore aggiornato", "1 figure updated")
        : figures.count + say(" valori aggiornati", " figures updated")) +
        (figures.words.length ? ": " + figures.words.slice(0, 3).join("; ") : "") + ".";
    }
  }

  var stream = new EventSource(source);
  stream.addEventListener("open", function () { show(say("In diretta", "Live"), "open"); });
  stream.addEventListener("plan", apply);
  stream.addEventListener("error", function () {
    /* The browser reconnects by itself (with Last-Event-ID) unless the server refused. */
    if (stream.readyState === EventSource.CLOSED) {
      show(say("Aggiornamento automatico non attivo: ricaricare la pagina", "No automatic updates: reload the page"), "closed");
    } else {
      show(say("Connessione interrotta, nuovo tentativo in corso", "Connection lost, trying again"), "waiting");
    }
  });
}());
