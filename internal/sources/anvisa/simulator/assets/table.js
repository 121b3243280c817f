// A table as ng-table makes it: rows, a pager below, and page sizes.

import { el, loading } from "./dom.js";

const counts = [10, 25, 50];

// pages lists the pager's entries, as generatePagesArray of ng-table does: none for one page; a window of at most
// seven around the current page whose ends become "…".
export function pages(current, total, count) {
  const last = Math.ceil(total / count);
  if (last <= 1) return [];
  const pivot = 3;
  let from = Math.max(2, current - pivot);
  const to = Math.min(last - 1, current + pivot * 2 - (current - from));
  from = Math.max(2, from - (pivot * 2 - (to - from)));
  const list = [
    { type: "prev", number: Math.max(1, current - 1), active: current > 1 },
    { type: "first", number: 1, active: current > 1, current: current === 1 },
  ];
  for (let i = from; i <= to; i++) {
    if ((i === from && i !== 2) || (i === to && i !== last - 1)) list.push({ type: "more", active: false });
    else list.push({ type: "page", number: i, active: current !== i, current: current === i });
  }
  list.push({ type: "last", number: last, active: current !== last, current: current === last });
  list.push({ type: "next", number: Math.min(last, current + 1), active: current < last });
  return list;
}

const labels = { prev: "«", next: "»", more: "…" };

// Table shows what load(page, count) gives: a promise of {content, totalElements, staleMillis}.
export class Table {
  constructor({ attributes, headings, row, load, onEmpty }) {
    Object.assign(this, { row, load, onEmpty, page: 1, count: counts[0], turn: 0 });
    this.body = el("tbody", {}, el("tr", { class: "ng-hide" }, el("td", { colspan: headings.length + 1 })));
    const titles = headings.map((text) => el("th", { class: "header ng-scope" }, el("div", { class: "ng-scope ng-binding" }, text)));
    this.table = el("table", attributes,
      el("thead", {}, el("tr", {}, el("th"), ...titles), el("tr", { class: "ng-table-filters ng-hide" })), this.body);
    this.pager = el("div", { class: "ng-cloak ng-table-pager" });
    this.element = el("div", { id: "containerTable" }, this.table, this.pager);
  }

  // reload asks for the current page. An error leaves the table as it is; an answer that came too late is dropped.
  async reload() {
    const turn = ++this.turn;
    loading(true);
    try {
      const answer = await this.load(this.page, this.count);
      if (turn !== this.turn || !this.element.isConnected) return;
      if (answer.totalElements === 0 && this.onEmpty) return this.onEmpty();
      this.showPager(answer.totalElements);
      if (answer.staleMillis) setTimeout(() => turn === this.turn && this.showRows(answer.content), answer.staleMillis);
      else this.showRows(answer.content);
    } catch (error) {
      console.warn("reload:", error.message);
    } finally {
      if (turn === this.turn) loading(false);
    }
  }

  showRows(content) {
    this.body.replaceChildren(this.body.firstElementChild, ...content.map(this.row));
  }

  showPager(total) {
    const list = el("ul", { class: "pagination ng-table-pagination" });
    for (const page of pages(this.page, total, this.count)) {
      const state = page.current ? "active" : page.active ? "" : "disabled";
      const label = labels[page.type] ?? el("span", { class: "ng-binding" }, String(page.number));
      list.append(el("li", { class: ("ng-scope " + state).trim() },
        el("a", { "ng-switch-when": page.type, href: "", class: "ng-scope", onclick: (event) => this.go(event, page) }, label)));
    }
    this.pager.replaceChildren(...(total > counts[0] ? [this.sizes()] : []), list);
  }

  go(event, page) {
    event.preventDefault();
    if (!page.number) return;
    this.page = page.number;
    this.reload();
  }

  sizes() {
    const box = el("div", { class: "ng-table-counts btn-group pull-right ng-scope" });
    for (const count of counts) {
      const active = count === this.count ? " active" : "";
      box.append(el("button", { type: "button", class: "btn btn-default ng-scope" + active, onclick: () => this.resize(count) },
        el("span", { class: "ng-binding" }, String(count))));
    }
    return box;
  }

  resize(count) {
    this.count = count;
    this.page = 1;
    this.reload();
  }
}
