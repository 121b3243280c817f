// The routes of the Bulário, each a function that fills the content.

import { el, toast, call, icon, day, loading } from "./dom.js";
import { Table } from "./table.js";
import { filterPage } from "./filter.js";

const filters = ["nomeProduto", "numeroRegistro", "expediente", "categoriasRegulatorias", "cnpj", "periodoPublicacaoInicial", "periodoPublicacaoFinal"];

const show = (...nodes) => document.getElementById("content").replaceChildren(...nodes);
const filterRoute = "#/bulario/";

// instant writes a day as the page sends it: midnight in Brasília, in UTC.
const instant = (value) => (/^\d{4}-\d{2}-\d{2}$/.test(value) ? value + "T03:00:00.000Z" : value);

function search(parameters) {
  const set = Object.entries(parameters).filter(([, value]) => value);
  location.hash = "#/bulario/q/?" + new URLSearchParams(set);
}

function results(parameters) {
  const asked = filters.filter((name) => parameters.get(name));
  if (asked.length === 0) {
    toast("error", "mensagens.MSG-013");
    location.hash = filterRoute;
    return;
  }
  const table = new Table({
    attributes: { "ng-table": "tableParams", class: "table table-hover table-striped ng-scope ng-table" },
    headings: ["Medicamento", "Empresa - CNPJ", "Expediente", "Data de Publicação", "Bula do Paciente", "Bula do Profissional", "Histórico de Bulas"],
    row: productRow,
    load: async (page, count) => {
      const query = { column: "", count };
      for (const name of asked) query["filter[" + name + "]"] = name.startsWith("periodo") ? instant(parameters.get(name)) : parameters.get(name);
      return list(await call("consulta/bulario", { ...query, order: "asc", page }));
    },
    onEmpty: () => {
      toast("warning", "mensagens.MSG-998");
      location.hash = filterRoute;
    },
  });
  show(el("div", { class: "ng-scope" }, table.element, back()));
  table.reload();
}

function list({ body, response }) {
  return { content: body.content, totalElements: body.totalElements, staleMillis: Number(response.headers.get("X-Portal-Stale")) };
}

const cell = (...content) => el("td", { class: "col-sm-1" }, ...content);
const words = (text) => el("td", { class: "col-sm-1 ng-binding" }, text);

function productRow(product) {
  return el("tr", { "ng-repeat": "produto in $data", class: "ng-scope" },
    el("td"),
    cell(el("a", { href: "#/medicamentos/" + product.idProduto + "?numeroProcesso=" + product.numProcesso, class: "ng-binding" }, product.nomeProduto)),
    words(product.razaoSocial + " - " + product.cnpj),
    words(product.expediente),
    words(day(product.data)),
    cell(icon(product.idBulaPacienteProtegido, "produto.idBulaPacienteProtegido")),
    cell(icon(product.idBulaProfissionalProtegido, "produto.idBulaProfissionalProtegido")),
    cell(el("a", { "ng-click": "detail(produto)", onclick: () => { location.hash = "#/bulario/detalhe/" + product.idProduto; } },
      el("img", { src: "assets/img/historico.png" }))));
}

const back = () => el("div", {}, el("a", { class: "btn btn-default", href: filterRoute }, "Voltar"));

function history(_, id) {
  const current = el("tbody");
  const path = "consulta/bulario/" + encodeURIComponent(id);
  const table = new Table({
    attributes: { "ng-table": "historicoParams", class: "table table-hover table-striped ng-scope ng-table" },
    headings: ["Expediente", "Data de Publicação", "Bula do Paciente", "Bula do Profissional"],
    row: (item) => el("tr", { "ng-repeat": "item in $data", class: "ng-scope" }, el("td"), words(item.expediente), words(day(item.dataPublicacao)),
      cell(icon(item.idBulaPaciente, "item.idBulaPaciente")), cell(icon(item.idBulaProfissional, "item.idBulaProfissional"))),
    load: async (page, count) => {
      const answer = await call(path, { column: "", count, order: "asc", page });
      showCurrent(current, answer.body);
      return list({ body: answer.body.historico, response: answer.response });
    },
  });
  show(el("div", { class: "ng-scope" }, el("table", { class: "table table-bordered" }, current),
    el("h3", {}, "Histórico de Bulas do Produto"), table.element, back()));
  table.reload();
}

function showCurrent(body, { nomeProduto, registroProduto, bulaAtual }) {
  const row = (title, ...content) => el("tr", {}, el("th", {}, title), el("td", { class: "ng-binding" }, ...content));
  body.replaceChildren(
    row("Medicamento", nomeProduto ?? ""),
    row("Número de Registro", registroProduto ?? ""),
    row("Bula Atual do Paciente", icon(bulaAtual?.idBulaPaciente, "bulaAtual.idBulaPaciente")),
    row("Bula Atual do Profissional", icon(bulaAtual?.idBulaProfissional, "bulaAtual.idBulaProfissional")));
}

async function product(_, id) {
  const body = el("tbody");
  show(el("div", { class: "ng-scope" }, el("table", { class: "table table-bordered" }, body), back()));
  loading(true);
  try {
    const { body: found } = await call("consulta/medicamento/produtos/codigo/" + encodeURIComponent(id));
    const row = (title, text) => el("tr", {}, el("th", {}, title), el("td", { class: "ng-binding" }, text));
    body.replaceChildren(row("Nome Comercial", found.nomeComercial), row("Princípio Ativo", found.principioAtivo),
      row("Categoria Regulatória", found.categoriaRegulatoria), row("Empresa", found.empresa.razaoSocial + " - " + found.empresa.cnpj));
  } catch (error) {
    console.warn("product:", error.message);
  } finally {
    loading(false);
  }
}

const routes = [
  [/^#\/bulario\/q\/?$/, results],
  [/^#\/bulario\/detalhe\/(\d+)\/?$/, history],
  [/^#\/medicamentos\/(\d+)\/?$/, product],
];

function route() {
  const [path, query] = location.hash.split("?", 2);
  loading(false);
  for (const [pattern, open] of routes) {
    const found = path.match(pattern);
    if (found) return open(new URLSearchParams(query), found[1]);
  }
  show(filterPage(search));
}

addEventListener("hashchange", route);
route();
