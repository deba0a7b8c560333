(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var words = data.words;
  var renderer = L.canvas({ padding: 0.3, tolerance: 4 });
  var map = L.map("map", { renderer: renderer, zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120 });
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution(
    '<a href="https://www.openstreetmap.org/copyright" rel="noopener">' + data.attribution + "</a>");
  L.control.scale({ imperial: false }).addTo(map);

  // names from the data only ever become text nodes
  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }

  // a line is [longitude, latitude, steps ...] in 1e-5 degrees
  function decode(line) {
    var x = 0, y = 0, made = [];
    for (var i = 0; i < line.length; i += 2) {
      x += line[i];
      y += line[i + 1];
      made.push([y / 1e5, x / 1e5]);
    }
    return made;
  }

  function pane(name, order) {
    map.createPane(name).style.zIndex = order;
    return name;
  }

  function fill(template, values) {
    return template.replace(/\{(\w+)\}/g, function (whole, key) { return values[key]; });
  }

  function amount(value) { return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ","); }

  map.fitBounds(data.bounds, { padding: [12, 12] });

  data.roads.forEach(function (group) {
    L.polyline(group.lines.map(decode), {
      color: group.colour, weight: group.width, interactive: false, smoothFactor: 1.2
    }).addTo(map);
  });

  // what can be clicked shares one canvas: a canvas above would keep the clicks from those below
  var pointRenderer = L.canvas({ pane: pane("points", 450), padding: 0.3, tolerance: 3 });

  var closedLayers = data.conditions.map(function (condition) {
    var layer = L.layerGroup();
    condition.closed.forEach(function (road) {
      var line = decode(data.closed[road].line);
      L.polyline(line, { renderer: pointRenderer, color: "#ffffff", weight: 7, interactive: false }).addTo(layer);
      var popup = element("div", "popup");
      popup.appendChild(element("b", "", words.closed));
      popup.appendChild(element("div", "", data.closed[road].name));
      L.polyline(line, { renderer: pointRenderer, color: data.closedColour, weight: 4 }).bindPopup(popup).addTo(layer);
    });
    return layer;
  });

  // --- demand points

  function stateOf(view, i) { return "cmw".indexOf(view.state[i]); }
  var stateNames = ["covered", "missed", "without"];
  var view = null;

  function pointPopup(i) {
    var point = data.points, box = element("div", "popup"), state = stateNames[stateOf(view, i)];
    box.appendChild(element("b", "", point.name[i]));
    box.appendChild(element("div", "", [data.townships[point.township[i]], data.zones[point.zone[i]]]
      .filter(Boolean).join(" · ")));
    box.appendChild(element("div", "", words.people + " " + amount(point.people[i])));
    box.appendChild(element("div", state === "missed" ? "missed" : "", words[state]));
    if (view.reason[i] >= 0 && state !== "covered") {
      box.appendChild(element("div", "", words.reason + " " + data.reasons[view.reason[i]]));
    }
    if (view.site[i]) { box.appendChild(element("div", "", words.nearest + " " + view.site[i])); }
    if (view.seconds[i] !== null) {
      var drive = words.drive + " " + amount(view.seconds[i]) + " " + words.s;
      if (view.limit[i] !== null) { drive += " / " + words.limit + " " + amount(view.limit[i]) + " " + words.s; }
      box.appendChild(element("div", "", drive));
    }
    box.appendChild(element("div", "", words.available + " " + view.available[i]));
    box.appendChild(element("div", "", words.attainment + " " + view.attainment[i]));
    return box;
  }

  var circles = [];
  data.points.lon.forEach(function (lon, i) {
    if (lon === null) { return; }
    var circle = L.circleMarker([data.points.lat[i], lon], {
      renderer: pointRenderer, radius: data.points.size[i], weight: 1.2, fillOpacity: 0.9
    });
    circle.index = i;
    circle.bindPopup(function () { return pointPopup(i); });
    circles.push(circle.addTo(map));
  });

  // --- sites

  var shapes = {
    square: "M4 4H18V18H4Z", triangle: "M11 2L20 18H2Z", diamond: "M11 1L21 11L11 21L1 11Z",
    down: "M2 4H20L11 20Z", pentagon: "M11 2L20 9L17 19H5L2 9Z", cross: "M8 2H14V8H20V14H14V20H8V14H2V8H8Z",
    circle: "M3 11A8 8 0 1 0 19 11A8 8 0 1 0 3 11Z"
  };

  function drawn(shape, kind) {
    var space = "http://www.w3.org/2000/svg";
    var svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
    svg.setAttribute("viewBox", "0 0 22 22");
    svg.setAttribute("width", "20");
    svg.setAttribute("height", "20");
    path.setAttribute("d", shapes[shape]);
    path.setAttribute("fill", data.siteColours[kind][0]);
    path.setAttribute("stroke", data.siteColours[kind][1]);
    path.setAttribute("stroke-width", "1.8");
    svg.appendChild(path);
    return svg;
  }

  var siteLayers = data.plans.map(function (plan) {
    var layer = L.layerGroup();
    plan.sites.forEach(function (site) {
      var popup = element("div", "popup");
      popup.appendChild(element("b", "", site.name));
      popup.appendChild(element("div", "", site.crewName + " · " + words.units + " " + site.units));
      popup.appendChild(element("div", "", site.statusName + (site.township ? " · " + site.township : "")));
      L.marker([site.lat, site.lon], {
        icon: L.divIcon({ className: "site-icon", html: drawn(site.shape, site.kind), iconSize: [20, 20] }),
        alt: site.name, title: site.name
      }).bindPopup(popup).addTo(layer);
    });
    return layer;
  });

  // --- names of townships: by people, and none over another

  map.getPane(pane("names", 620)).style.pointerEvents = "none";
  var names = data.townNames.map(function (town) {
    var text = element("span", "", town.name);
    var marker = L.marker([town.lat, town.lon], {
      pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: "town-name", html: text })
    }).addTo(map);
    return { marker: marker, at: [town.lat, town.lon], text: text };
  });

  function unclutter() {
    var taken = data.plans[chosen("plan")].sites.map(function (site) {
      var at = map.latLngToContainerPoint([site.lat, site.lon]);
      return { x: at.x, y: at.y, w: 10, h: 10 };
    });
    names.forEach(function (name) {
      var at = map.latLngToContainerPoint(name.at), w = name.text.offsetWidth / 2 + 3, h = name.text.offsetHeight / 2;
      var place = [0, -1.4, 1.4, -2.4, 2.4, -4, 4, -6, 6].map(function (shift) { return shift * h; }).find(function (shift) {
        return taken.every(function (box) {
          return Math.abs(box.x - at.x) > box.w + w || Math.abs(box.y - at.y - shift) > box.h + h;
        });
      });
      name.text.style.visibility = place === undefined ? "hidden" : "visible";
      if (place !== undefined) {
        name.text.style.top = place + "px";
        taken.push({ x: at.x, y: at.y + place, w: w, h: h });
      }
    });
  }
  map.on("zoomend", unclutter);

  // --- legend

  function entry(sign, text) {
    var made = element("span", "");
    made.appendChild(sign);
    made.appendChild(element("span", "", text));
    document.getElementById("legend").appendChild(made);
  }

  function swatch(style) {
    var made = element("i", "");
    Object.keys(style).forEach(function (key) { made.style[key] = style[key]; });
    made.style.display = "inline-block";
    return made;
  }

  function legend() {
    stateNames.forEach(function (state, number) {
      if (!data.views.some(function (some) { return some && some.state.indexOf("cmw"[number]) >= 0; })) { return; }
      var colours = data.pointColours[state];
      entry(swatch({ width: "13px", height: "13px", borderRadius: "50%", background: colours[0],
        border: "1.5px solid " + colours[1] }), words[state]);
    });
    data.siteLegend.forEach(function (site) { entry(drawn(site.shape, site.kind), site.words); });
    data.roads.slice().reverse().forEach(function (group) {
      entry(swatch({ width: "24px", height: Math.max(group.width, 1) + "px", background: group.colour }), group.name);
    });
    if (Object.keys(data.closed).length) {
      entry(swatch({ width: "24px", height: "4px", background: data.closedColour }), words.closed);
    }
    entry(element("span", "", ""), words.size);
  }

  // --- plan and condition

  function chosen(name) {
    return Number(document.querySelector("#switch input[name=" + name + "]:checked").value);
  }

  function show() {
    var plan = chosen("plan"), condition = chosen("condition");
    var found = data.views[condition * data.plans.length + plan];
    map.closePopup();
    closedLayers.forEach(function (layer, i) { layer[i === condition ? "addTo" : "removeFrom"](map); });
    siteLayers.forEach(function (layer, i) { layer[i === plan ? "addTo" : "removeFrom"](map); });
    circles.forEach(function (circle) { circle[found ? "addTo" : "removeFrom"](map); });
    view = found;
    var count = document.getElementById("map-count");
    if (!view) { count.textContent = words.notTried; return; }
    var covered = 0, people = [0, 0, 0];
    data.points.people.forEach(function (some, i) { people[stateOf(view, i)] += some; });
    for (var i = 0; i < view.state.length; i += 1) { covered += view.state[i] === "c" ? 1 : 0; }
    circles.forEach(function (circle) {
      var state = stateNames[stateOf(view, circle.index)], colours = data.pointColours[state];
      circle.setStyle({ fillColor: colours[0], color: colours[1] });
      if (state === "missed") { circle.bringToFront(); }
    });
    unclutter();
    count.textContent = fill(words.count, {
      plan: data.plans[plan].name, condition: data.conditions[condition].name, covered: covered,
      points: view.state.length, missed: amount(people[1]), without: amount(people[2])
    });
  }

  document.getElementById("switch").addEventListener("change", show);
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
    map.invalidateSize();
  });
  legend();
  show();
  document.body.dataset.ready = "true";
  document.body.dataset.points = String(circles.length);
}());
