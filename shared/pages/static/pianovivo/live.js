/* Keeps an open page true: applies the "plan" events of the stream named on <body>. Plain ES5 for old office PCs;
   without it the page is complete, only still. The shape of a message is shared/pages/live.py. A message may only say
   that the page is another: then it is asked for again, and each figure replaced where it stands. */
(function () {
  "use strict";

  var MAX_CHANGES = 20;
  var MOST_WAIT = 2000;
  var english = document.documentElement.lang === "en";
  var source = document.body.getAttribute("data-live-source");
  var state = document.getElementById("live-state");
  var news = document.getElementById("live-news");
  var asking = null;

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
    var was = element.textContent.trim();
    element.textContent = figure.text;
    element.setAttribute("data-value", figure.value);
    if (isNaN(before) || before === figure.value) { return null; }
    element.setAttribute("data-cue", figure.value > before ? "up" : "down");
    element.title = say("Questo numero è cambiato: da ", "This figure has changed: from ") + was +
      say(" a ", " to ") + figure.text;
    return (element.getAttribute("data-label") || "") + say(" da ", " from ") + was + say(" a ", " to ") + figure.text;
  }

  function applyFigures(figures) {
    var told = [];
    var count = 0;
    each("[data-cue]", function (element) {
      element.removeAttribute("data-cue");
      element.removeAttribute("title");
    });
    each("[data-figure]", function (element) {
      var id = element.getAttribute("data-figure");
      var figure = figures(id);
      var words = figure ? replaceFigure(element, figure) : null;
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

  function tell(figures) {
    if (!news || figures.count === 0) { return; }
    news.textContent = (figures.count === 1 ? say("1 valore aggiornato", "1 figure updated")
      : figures.count + say(" valori aggiornati", " figures updated")) +
      (figures.words.length ? ": " + figures.words.slice(0, 3).join("; ") : "") + ".";
  }

  /* The figures of another page by their names; of one that stands in several places each in its turn. */
  function figuresOf(page) {
    var found = {};
    Array.prototype.forEach.call(page.querySelectorAll("[data-figure]"), function (element) {
      var id = element.getAttribute("data-figure");
      found[id] = found[id] || [];
      found[id].push({ text: element.textContent.trim(), value: parseInt(element.getAttribute("data-value"), 10) });
    });
    return function (id) { return (found[id] || []).shift(); };
  }

  function wordsOf(page) {
    return page.getElementById("contenuto").textContent.replace(/\s+/g, " ");
  }

  function replaceFigures(fresh) {
    tell(applyFigures(figuresOf(fresh)));
    if (wordsOf(fresh) === wordsOf(document)) {
      show(say("Aggiornato alle ", "Updated at ") + clock(), "open");
    } else {
      show(say("Il piano è cambiato: ricaricare per leggerlo tutto", "The plan has changed: reload to read all of it"), "open");
    }
  }

  /* Not all readers at once: each a moment later than it hears. */
  function askAgain() {
    asking = asking || setTimeout(function () {
      var request = new XMLHttpRequest();
      asking = null;
      request.open("GET", location.href);
      request.responseType = "document";
      request.onload = function () {
        if (request.status === 200 && request.response) { replaceFigures(request.response); }
      };
      request.send();
    }, Math.random() * MOST_WAIT);
  }

  function apply(event) {
    var message = JSON.parse(event.data);
    if (message.again) {
      askAgain();
      return;
    }
    var figures = applyFigures(function (id) {
      return Object.prototype.hasOwnProperty.call(message.figures, id) ? message.figures[id] : null;
    });
    message.areas.forEach(applyArea);
    /* Oldest first, so that the newest ends on top. */
    message.changes.forEach(addChange);
    Object.keys(message.lists).forEach(function (id) { replaceList(id, message.lists[id]); });
    show(say("Aggiornato alle ", "Updated at ") + clock(), "open");
    tell(figures);
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
