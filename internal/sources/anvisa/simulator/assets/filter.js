// The form in which a search is typed.

import { el, toast, call } from "./dom.js";

// hidden is the category that the form does not offer.
const hidden = 9;

const field = (label, ...inputs) => el("div", { class: "form-group" }, el("label", {}, label), ...inputs);
const text = (attributes) => el("input", { type: "text", class: "form-control", ...attributes });

// Form is the filter page; search(parameters) is called with what was typed once it is sound.
export function filterPage(search) {
  const registration = text({ id: "txtNumeroRegistro", "ng-model": "filter.numeroRegistro", maxlength: 9 });
  const expediente = text({ id: "txtNumeroExpedienteBula", "ng-model": "filter.expediente" });
  const name = text({ "ng-model": "filter.nomeProduto", autocomplete: "off" });
  const names = el("ul", { class: "dropdown-menu ng-hide" });
  const cnpj = text({ "ng-model": "empresa.cnpj" });
  const company = text({ "ng-model": "empresa.razaoSocial" });
  const from = el("input", { type: "date", class: "form-control", "ng-model": "filter.periodoPublicacaoInicial" });
  const to = el("input", { type: "date", class: "form-control", "ng-model": "filter.periodoPublicacaoFinal" });
  const categories = categorySelect();
  name.addEventListener("input", () => suggest(name, names));

  const form = el("form", { name: "bularioForm", class: "form-horizontal ng-pristine ng-valid" }, el("div", {},
    el("div", {}, field("Medicamento", el("autocomplete", {}, el("div", {}, name, names))), field("Número de Registro", registration),
      field("Expediente da Bula", expediente)),
    el("div", {}, field("CNPJ da Empresa", cnpj), field("Empresa", company), field("Categoria Regulatória", categories.element),
      field("Período de Publicação", from, to)),
    el("div", {}, el("input", { type: "submit", class: "btn btn-primary", value: "Consultar" }),
      el("input", { type: "reset", class: "btn btn-default", value: "Limpar" }))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const problem = mistake(registration.value, from.value, to.value);
    if (problem) return toast(...problem);
    search({
      nomeProduto: name.value, numeroRegistro: registration.value, expediente: expediente.value, cnpj: cnpj.value,
      categoriasRegulatorias: categories.chosen().join(","), periodoPublicacaoInicial: from.value, periodoPublicacaoFinal: to.value,
    });
  });
  form.addEventListener("reset", () => categories.clear());
  return el("div", { class: "ng-scope" }, form);
}

// mistake says what is wrong with the input: a toast's kind and text.
function mistake(registration, from, to) {
  if (registration && registration.length < 9) return ["warning", "O número de registro deve ter 9 dígitos"];
  if (Boolean(from) !== Boolean(to)) return ["error", "Informe as duas datas do período de publicação"];
  if (from > to) return ["error", "mensagens.MSG-055"];
  return null;
}

async function suggest(name, list) {
  const typed = name.value;
  list.classList.add("ng-hide");
  if (typed.length < 3) return;
  try {
    const { body } = await call("produto/listaMedicamentoBula/" + encodeURIComponent(typed));
    if (name.value !== typed) return;
    list.replaceChildren(...body.map(({ nomeProduto }) => el("li", {}, el("a", {
      onclick: () => { name.value = nomeProduto; list.classList.add("ng-hide"); },
    }, nomeProduto))));
    list.classList.toggle("ng-hide", body.length === 0);
  } catch (error) {
    console.warn("suggest:", error.message);
  }
}

// categorySelect is the list of categories, ordered by name, in which several can be chosen.
function categorySelect() {
  const chosen = new Set();
  const menu = el("ul", { class: "dropdown-menu ng-hide" });
  const button = el("button", { type: "button", class: "btn btn-default", onclick: () => menu.classList.toggle("ng-hide") }, "Selecione");
  const search = text({ placeholder: "Pesquisar..." });
  const items = [];
  search.addEventListener("input", () => {
    for (const { item, name } of items) item.classList.toggle("ng-hide", !name.toLowerCase().includes(search.value.toLowerCase()));
  });
  menu.append(el("li", {}, search));
  const show = () => {
    button.textContent = chosen.size ? chosen.size + " selecionada(s)" : "Selecione";
    for (const { item, id } of items) item.classList.toggle("selected", chosen.has(id));
  };
  call("tipoCategoriaRegulatoria").then(({ body }) => {
    const offered = body.filter(({ id }) => id !== hidden).sort((a, b) => a.descricao.localeCompare(b.descricao, "pt-BR"));
    for (const { id, descricao } of offered) {
      const item = el("li", {}, el("a", { onclick: () => { chosen.delete(id) || chosen.add(id); show(); } }, descricao));
      items.push({ item, id, name: descricao });
      menu.append(item);
    }
  }).catch((error) => console.warn("categories:", error.message));
  return {
    element: el("div", { class: "anvs-multiselect", "ng-model": "filter.categoriasRegulatorias" }, el("div", { id: "-container" }, button, menu)),
    chosen: () => [...chosen],
    clear: () => { chosen.clear(); show(); },
  };
}
