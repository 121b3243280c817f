package simulator

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// testRecord is a test entry that stands in the real portal's production data: it has no registration.
const testRecord = 595513

// seedIndex makes n products. Their numbers are drawn until each category has its quota, since the number decides the category.
func seedIndex(seed uint64, n int, day time.Time) *index {
	quota, all := quotas(n), newStock()
	r := draw(seed, 'i')
	used := map[int]bool{}
	products := make([]*product, 0, n)
	take := func(id int) {
		category := categoryOf(id)
		if !used[id] && quota[category] > 0 {
			used[id] = true
			quota[category]--
			products = append(products, all.seedProduct(seed, id))
		}
	}
	take(testRecord)
	for len(products) < n {
		take(500 + r.IntN(999_500))
	}
	return newIndex(seed, day, products)
}

// seedProduct makes the product of a number.
func (s stock) seedProduct(seed uint64, id int) *product {
	r := draw(seed, 'p', uint64(id))
	company, category := pick(r, companies()), categoryOf(id)
	of := s.formulaOf(id, category)
	published := brazil(time.Date(2014, 1, 1, 11, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(12*365*24*3600)) * time.Second))
	p := &product{formula: of, Product: Product{
		ID:           id,
		Registration: fmt.Sprintf("1%08d", id*37%100_000_000),
		Name:         s.seedName(r, of, category),
		Company:      company,
		CNPJ:         cnpjOf(company),
		Process:      seedProcess(r, id),
		Expediente:   expediente(published, id, pastVersions(id)),
		Published:    published,
	}}
	if id == testRecord {
		p.Registration, p.Name, p.Company = "", "TESTE PUBLICACAO", "EMPRESA DE TESTE LTDA. (VS01)"
	}
	return p.complete()
}

// seedProcess makes a process number: 17 digits for most, fewer for old ones.
func seedProcess(r *rand.Rand, id int) string {
	switch at := r.IntN(100); {
	case at < 4:
		return fmt.Sprintf("2500%07d%02d", id, r.IntN(100))
	case at < 14:
		return fmt.Sprintf("2599%07d%02d%02d", id, r.IntN(30), r.IntN(100))
	default:
		return fmt.Sprintf("2535%07d%d%02d", id, 2000+r.IntN(25), r.IntN(100))
	}
}

// companies are made up, so that no invented leaflet bears a real maker's name.
func companies() []string {
	return []string{"LABORATÓRIO AURORA FARMACÊUTICA S.A.", "HIPOFÁRMACO - INSTITUTO DE FARMÁCIA E BIOLOGIA LTDA", "VEREDAS QUÍMICA E FARMACÊUTICA LTDA",
		"ITABERÁ INDÚSTRIA FARMACÊUTICA LTDA.", "SERRA AZUL BIOTECNOLOGIA S/A", "NOVA ARAGUAIA MEDICAMENTOS - EIRELI", "CEDRO DO BRASIL LTDA",
		"FUNDAÇÃO PÚBLICA DE REMÉDIOS DO CERRADO", "PAMPA GENÉRICOS S.A.", "ATLÂNTICO SUL PRODUTOS PARA SAÚDE LTDA", "JACARANDÁ FITOTERÁPICOS LTDA - ME",
		"MERIDIONAL RADIOFARMÁCIA LTDA", "TRÊS PONTAS QUÍMICA INDUSTRIAL LTDA.", "ORVALHO & FILHOS FARMACÊUTICA LTDA"}
}

// cnpjOf makes a company's number, with its two right check digits.
func cnpjOf(company string) string {
	digits := fmt.Sprintf("%08d0001", mixText(company)%100_000_000)
	for range 2 {
		sum, weight := 0, 2
		for i := len(digits) - 1; i >= 0; i-- {
			sum += int(digits[i]-'0') * weight
			if weight++; weight > 9 {
				weight = 2
			}
		}
		check := 11 - sum%11
		if check > 9 {
			check = 0
		}
		digits += fmt.Sprint(check)
	}
	return digits
}
