// script: fetch
// One GET by the page itself, so with its cookies. A long body stays in the page and is read by script "piece".
const [url, headers, bound, first, patience] = arguments;
const answer = {status: 0, type: '', retryAfter: '', date: '', declared: -1, size: 0, whole: true, over: false, piece: '', failure: ''};
let response;
try {
  response = await fetch(url, {headers, redirect: 'manual', cache: 'no-store', signal: AbortSignal.timeout(patience)});
} catch (reason) {
  answer.failure = String(reason.name) === 'TimeoutError' ? 'no answer in time' : 'no connection';
  return answer;
}
answer.status = response.type === 'opaqueredirect' ? 302 : response.status;
answer.type = response.headers.get('content-type') || '';
answer.retryAfter = response.headers.get('retry-after') || '';
answer.date = response.headers.get('date') || '';
if (response.headers.has('content-length') && !response.headers.has('content-encoding')) {
  answer.declared = Number(response.headers.get('content-length'));
}
const chunks = [];
try {
  const reader = response.body ? response.body.getReader() : {read: async () => ({done: true})};
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    answer.size += next.value.length;
    if (answer.size > bound) {
      answer.over = true;
      await reader.cancel();
      break;
    }
    chunks.push(next.value);
  }
} catch (reason) {
  answer.whole = false;
}
const body = new Blob(chunks);
answer.size = body.size;
if (body.size > first) {
  window.drugslmBody = body;
}
answer.piece = await new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1));
  reader.onerror = () => fail(reader.error);
  reader.readAsDataURL(body.slice(0, first));
});
return answer;
