// Package anvisa is the source of Brazil's leaflets: the assets of what ANVISA publishes, from the portal's index to the sections of
// each leaflet.
//
// [Assets] declares them, dependencies first: what the portal declares to have (index), its products (catalog), what was published on
// each day (updates), the PDFs (download), their text (extract), and what is made of that (sections, history). The agency's open data
// is observed as a second opinion. [Documents] says where the text is, for whatever is made of documents of any source.
//
// The portal is asked by package client, and played in tests by package simulator, which share no code.
package anvisa
