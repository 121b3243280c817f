package client

import "time"

// Category is a regulatory category of the portal, such as {"5", "Genérico"}.
type Category struct {
	ID   string // digits
	Name string
}

// Total is how much the portal declares to have in a category.
type Total struct {
	Elements int
	Snapshot string // the day of the data, RFC 3339: the portal rebuilds its tables every midnight; "" when Elements is 0
}

// Product is a medicine as a listing shows it.
type Product struct {
	ID           int64  // idProduto, the only stable key
	Registration string // nine digits; empty for one test record, and when listed by walking
	Name         string // as typed by the company, any case; not unique
	Company      string
	CNPJ         string // the company's number, 14 characters
	Process      string // number of the registration's process, 13 to 17 digits
	Expediente   string // number of the leaflet's filing: changes with every new leaflet, so no key
	Transaction  string // empty when listed by walking

	PublishedAt     time.Time // of the leaflet; by walking only its day
	HasPatient      bool      // there is a leaflet for patients
	HasProfessional bool      // there is a leaflet for professionals
	Snapshot        time.Time // the day of the data
}

// Listing is the products of one category, or of one day of publication.
type Listing struct {
	Products []Product // each ID once, in the order shown
	Declared int       // how many the portal says there are
	Snapshot string    // the one day of data of all rows, RFC 3339; "" when a category has none
	Requests int       // sent for it, with those of listings that were begun again
}
