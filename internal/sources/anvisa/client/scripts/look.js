// script: look
// What document the browser has really opened: navigating itself succeeds for error pages, too.
const [patience] = arguments;
const app = () => document.querySelector('[ng-app],[data-ng-app],[ui-view],[data-ui-view],ui-view,.ng-scope') !== null;
const challenge = () => /just a moment|attention required|access denied/i.test(document.title) ||
  document.querySelector('#challenge-form,#challenge-running,#cf-wrapper,#cf-error-details') !== null;
const navigation = performance.getEntriesByType('navigation')[0];
const status = (navigation && navigation.responseStatus) || 0;
const loaded = location.protocol === 'http:' || location.protocol === 'https:'; // else the browser's own error page
const end = performance.now() + patience;
while (loaded && status < 400 && !app() && !challenge() && performance.now() < end) {
  await new Promise((done) => setTimeout(done, 50));
}
return {status, loaded, app: app(), challenge: challenge()};
