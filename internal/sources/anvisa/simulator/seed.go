package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// testRecord is a test entry that stands in the real portal's production data: it has no registration.
const testRecord = 595513

// seedIndex makes n products. Their numbers are drawn until each category has its quota, since the number decides the category.
func seedIndex(seed uint64, n int, day time.Time) *index {
	quota := quotas(n)
	r := draw(seed, 'i')
	used := map[int]bool{}
	products := make([]*product, 0, n)
	take := func(id int) {
		category := categoryOf(id)
		if !used[id] && quota[category] > 0 {
			used[id] = true
			quota[category]--
			products = append(products, seedProduct(seed, id))
		}
	}
	take(testRecord)
	for len(products) < n {
		take(500 + r.IntN(999_500))
	}
	return newIndex(seed, day, products)
}

// seedProduct makes the product of a number.
func seedProduct(seed uint64, id int) *product {
	r := draw(seed, 'p', uint64(id))
	company := pick(r, companies())
	published := brazil(time.Date(2014, 1, 1, 11, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(12*365*24*3600)) * time.Second))
	p := &product{Product: Product{
		ID:           id,
		Registration: fmt.Sprintf("1%08d", id*37%100_000_000),
		Name:         seedName(r),
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

// seedName makes a name with what real ones hold: accents, "+", commas, "/", double blanks, ®, both cases, up to 172 characters.
func seedName(r *rand.Rand) string {
	var name string
	switch at := r.IntN(200); {
	case at < 70:
		name = brand(r)
	case at < 160:
		name = substance(r)
	case at < 176:
		name = substance(r) + " + " + substance(r)
	case at < 184:
		name = substance(r) + ", " + substance(r) + " e " + substance(r)
	case at < 190:
		name = substance(r) + "/ " + substance(r)
	case at < 197:
		name = substance(r) + "  " + pick(r, []string{"composto", "associado", "pediátrico"})
	default:
		return longName(r)
	}
	if r.IntN(4) == 0 {
		return strings.ToLower(name)
	}
	return strings.ToUpper(name)
}

func brand(r *rand.Rand) string {
	name := pick(r, []string{"Alor", "Bena", "Cardi", "Dolo", "Ensi", "Feni", "Gastro", "Hepa", "Lumi", "Nevra", "Ófta", "Pulmo", "Quimi", "Revi", "Sanê", "Tussi"}) +
		pick(r, []string{"dil", "flex", "grip", "lax", "max", "micina", "pril", "sec", "tônico", "vasc", "xan", "zol"})
	return name + pick(r, []string{"", "", "", "®", " XR", " C", " 24 horas"})
}

func substance(r *rand.Rand) string {
	base := pick(r, substances())
	switch r.IntN(6) {
	case 0:
		return "cloridrato de " + base
	case 1:
		return base + " sódica"
	case 2:
		return "maleato de " + base
	default:
		return base
	}
}

// longName is as long as the longest real one.
func longName(r *rand.Rand) string {
	const longest = 172
	name := []rune("CLORETO DE SÓDIO + CLORETO DE POTÁSSIO")
	for len(name) < longest {
		name = append(name, []rune(" + "+strings.ToUpper(substance(r)))...)
	}
	return strings.TrimSpace(string(name[:longest]))
}

func substances() []string {
	return []string{"ácido acetilsalicílico", "albendazol", "amoxicilina", "atenolol", "azitromicina", "betametasona", "captopril",
		"cetoconazol", "ciprofloxacino", "dexametasona", "diclofenaco", "dipirona", "enalapril", "fluconazol", "furosemida",
		"glibenclamida", "hidroclorotiazida", "ibuprofeno", "ivermectina", "levofloxacino", "loratadina", "losartana", "metformina",
		"metronidazol", "nimesulida", "omeprazol", "paracetamol", "prednisona", "propranolol", "ranitidina", "sinvastatina",
		"tinidazol", "valsartana", "varfarina", "Ginkgo biloba", "Passiflora incarnata", "fator IX de coagulação", "tecnécio"}
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
