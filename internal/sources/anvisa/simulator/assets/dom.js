// Small tools for the page: elements, toasts, the loading overlay, and calls to the API.

// el makes an element: el("td", {class: "col-sm-1"}, "text", child, …).
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const toastMillis = 5000;

// toast shows a message that goes by itself; kind is "warning" or "error".
export function toast(kind, text) {
  const node = el("div", { class: "toast toast-" + kind }, el("div", { class: "toast-message" }, text));
  document.getElementById("toast-container").append(node);
  setTimeout(() => node.remove(), toastMillis);
}

// loading shows or hides the overlay.
export function loading(active) {
  document.querySelector(".dw-loading-overlay").classList.toggle("dw-loading-active", active);
}

// call asks the API and gives the parsed answer with the response; it throws for anything but JSON with status 200.
export async function call(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch("api/" + path + (query && "?" + query), { headers: { Authorization: "Guest" } });
  if (!response.ok) throw new Error("status " + response.status);
  return { body: await response.json(), response };
}

// download fetches a leaflet and saves it. The file's name says nothing about what it is.
export async function download(token) {
  loading(true);
  try {
    const response = await fetch("api/consulta/medicamentos/arquivo/bula/parecer/" + token + "/?Authorization=Guest");
    if (!response.ok) throw new Error("status " + response.status);
    const address = URL.createObjectURL(await response.blob());
    const link = el("a", { href: address, download: "bula_" + Date.now() + ".pdf" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), toastMillis);
  } catch {
    toast("warning", "Recarregue a página para realizar o download");
  } finally {
    loading(false);
  }
}

// icon is a leaflet's icon, or what AngularJS leaves where there is none: a comment.
export function icon(token, expression) {
  if (!token) return document.createComment(" ngIf: " + expression + " ");
  return el("a", { "ng-if": expression, "ng-click": "downloadBula(" + expression + ",Authorization)", class: "ng-scope", onclick: () => download(token) },
    el("img", { src: "assets/img/pdf.png" }));
}

// day writes the date of an instant as the portal shows it, dd/MM/yyyy, in the zone the instant is given in.
export function day(instant) {
  return instant ? instant.slice(0, 10).split("-").reverse().join("/") : "";
}
