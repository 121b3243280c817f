// script: piece
// Bytes from..to of the body that script "fetch" left in the page, in base64; the last piece removes it.
const [from, to] = arguments;
const body = window.drugslmBody;
if (to >= body.size) {
  delete window.drugslmBody;
}
return await new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1));
  reader.onerror = () => fail(reader.error);
  reader.readAsDataURL(body.slice(from, to));
});
