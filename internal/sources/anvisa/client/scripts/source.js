// script: source
// The page as it stands, as HTML, the first characters of it.
return document.documentElement.outerHTML.slice(0, arguments[0]);
