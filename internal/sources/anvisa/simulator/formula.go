package simulator

import (
	"math"
	"strings"
)

// formula is what is in a product: its active ingredients, and what they are for.
type formula struct {
	actives []string
	use     use
	place   int // among the formulas of all shelves; -1: of a product from a listing
}

// name is how a generic with this formula is called.
func (f formula) name() string { return strings.Join(f.actives, " + ") }

// key tells a formula from others.
func (f formula) key() uint64 { return mixText(strings.ToLower(f.name())) }

// formulaOf is the formula of a seeded product: by its number and category alone. A third of the products of a shelf have one of
// its first fifth of formulas, as many companies make a few substances and few make the others.
func (s stock) formulaOf(id, category int) formula {
	const steps = 1 << 20
	wanted := shelfOf(category)
	n := 0
	for _, u := range s {
		if u.shelf == wanted {
			n += len(u.formulas)
		}
	}
	at := int(float64(n) * math.Pow(float64(mix('s', uint64(id))%steps)/steps, 1.3))
	place := 0
	for _, u := range s {
		if u.shelf == wanted {
			if at < len(u.formulas) {
				return formula{strings.Split(u.formulas[at], " + "), u, place + at}
			}
			at -= len(u.formulas)
		}
		place += len(u.formulas)
	}
	return s.listedFormula(id, "")
}

// listedFormula is the formula of a product of a listing from a file: what its name says is in it.
func (s stock) listedFormula(id int, name string) formula {
	f := formula{use: s[mix('s', uint64(id))%uint64(len(s))], place: -1}
	for part := range strings.SplitSeq(name, "+") {
		if part = strings.Join(strings.Fields(strings.ToLower(part)), " "); part != "" {
			f.actives = append(f.actives, part)
		}
	}
	if len(f.actives) == 0 {
		f.actives = f.use.formulas[:1]
	}
	return f
}

// shelf is a group of categories whose products hold the same kinds of substances.
type shelf string

const (
	synthetic   shelf = "synthetic"
	biological  shelf = "biological"
	specific    shelf = "specific"
	herbal      shelf = "herbal"
	dynamized   shelf = "dynamized"
	radioactive shelf = "radioactive"
	advanced    shelf = "advanced"
)

// genericCategory is that of products which are called by what is in them.
const genericCategory = 5

func shelfOf(category int) shelf {
	switch category {
	case 1:
		return biological
	case 2:
		return dynamized
	case 3:
		return specific
	case 4:
		return herbal
	case 7:
		return radioactive
	case 10:
		return advanced
	default:
		return synthetic
	}
}

// use is what a group of substances is for. Its texts are ours, and say nothing that anybody should follow.
type use struct {
	shelf     shelf
	class     string // "um anti-hipertensivo"
	purpose   string // "o tratamento da pressão alta": after "é indicado para"
	target    string // "os vasos sanguíneos": what it acts on
	sign      string // "a pressão arterial": what is watched
	reactions string // of which people complain
	form      string
	formulas  []string // by name; " + " between the ingredients of one
}

// stock is all that products can be for. It is long, so it is made once for many products.
type stock []use

// newStock lists all uses; their formulas are numbered in this order.
func newStock() stock { //nolint:funlen // a table
	return stock{
		{synthetic, "um anti-hipertensivo", "o tratamento da hipertensão arterial", "a parede dos vasos sanguíneos", "a pressão arterial",
			"tontura, tosse seca, cansaço", "comprimidos", []string{"losartana potássica", "maleato de enalapril", "besilato de anlodipino", "captopril", "valsartana",
				"atenolol", "cloridrato de propranolol", "olmesartana medoxomila", "telmisartana", "succinato de metoprolol", "ramipril", "carvedilol"}},
		{synthetic, "um antibiótico", "o tratamento de infecções causadas por bactérias sensíveis", "a parede das bactérias", "a temperatura",
			"diarreia, náusea, candidíase", "cápsulas", []string{"amoxicilina", "azitromicina", "cefalexina", "cloridrato de ciprofloxacino", "levofloxacino",
				"claritromicina", "metronidazol", "norfloxacino", "cefadroxila", "cloridrato de doxiciclina"}},
		{synthetic, "um analgésico e antitérmico", "o alívio da dor e da febre", "os centros da dor e da temperatura", "a intensidade da dor",
			"náusea, sonolência, suor", "comprimidos", []string{"dipirona", "paracetamol", "ácido acetilsalicílico", "cloridrato de tramadol", "cetorolaco trometamol",
				"fosfato de codeína"}},
		{synthetic, "um anti-inflamatório não esteroide", "o tratamento da inflamação e da dor das articulações", "a síntese das prostaglandinas", "a função dos rins",
			"azia, dor de estômago, edema", "comprimidos", []string{"ibuprofeno", "nimesulida", "diclofenaco sódico", "meloxicam", "cetoprofeno", "naproxeno sódico",
				"celecoxibe", "piroxicam"}},
		{synthetic, "um redutor do colesterol", "a redução do colesterol e dos triglicerídeos elevados", "a produção de colesterol no fígado", "a dosagem das enzimas do fígado",
			"dor muscular, prisão de ventre, gases", "comprimidos", []string{"sinvastatina", "atorvastatina cálcica", "rosuvastatina cálcica", "pravastatina sódica",
				"ezetimiba", "fenofibrato"}},
		{synthetic, "um antidiabético oral", "o controle da glicemia no diabetes tipo 2", "a resposta dos tecidos à insulina", "a glicemia em jejum",
			"gosto metálico, diarreia, hipoglicemia", "comprimidos", []string{"cloridrato de metformina", "glibenclamida", "gliclazida", "glimepirida", "dapagliflozina",
				"vildagliptina", "fosfato de sitagliptina"}},
		{synthetic, "um redutor da acidez do estômago", "o tratamento da úlcera e do refluxo", "as células que fazem o ácido do estômago", "a dor após as refeições",
			"dor de cabeça, flatulência, boca seca", "cápsulas", []string{"omeprazol", "pantoprazol sódico", "esomeprazol magnésico", "lansoprazol", "famotidina"}},
		{synthetic, "um antialérgico", "o alívio dos sintomas da rinite e da urticária", "os receptores da histamina", "o número de crises por semana",
			"sonolência, boca seca, fadiga", "comprimidos", []string{"loratadina", "desloratadina", "cloridrato de cetirizina", "cloridrato de fexofenadina",
				"maleato de dexclorfeniramina", "cloridrato de hidroxizina"}},
		{synthetic, "um antidepressivo", "o tratamento da depressão e da ansiedade", "a recaptação da serotonina", "o sono",
			"insônia, tremor, diminuição do apetite", "comprimidos", []string{"cloridrato de sertralina", "cloridrato de fluoxetina", "oxalato de escitalopram",
				"cloridrato de paroxetina", "cloridrato de venlafaxina", "cloridrato de amitriptilina", "mirtazapina"}},
		{synthetic, "um anticonvulsivante", "a prevenção das crises convulsivas", "os canais de sódio dos neurônios", "a frequência das crises",
			"visão dupla, desequilíbrio, ganho de peso", "comprimidos", []string{"carbamazepina", "fenitoína sódica", "topiramato", "lamotrigina", "gabapentina", "pregabalina",
				"levetiracetam"}},
		{synthetic, "um ansiolítico", "o alívio da ansiedade e da insônia", "os receptores do ácido gama-aminobutírico", "o estado de alerta",
			"sonolência diurna, confusão, perda de memória", "comprimidos", []string{"clonazepam", "alprazolam", "diazepam", "bromazepam", "hemitartarato de zolpidem"}},
		{synthetic, "um antipsicótico", "o tratamento da esquizofrenia", "os receptores da dopamina", "o peso",
			"rigidez, inquietação, ganho de peso", "comprimidos", []string{"risperidona", "olanzapina", "hemifumarato de quetiapina", "haloperidol", "aripiprazol"}},
		{synthetic, "um corticosteroide", "o tratamento de doenças alérgicas e inflamatórias graves", "a resposta do sistema imunológico", "a densidade dos ossos",
			"inchaço do rosto, aumento do apetite, acne", "comprimidos", []string{"prednisona", "fosfato sódico de prednisolona", "dexametasona", "betametasona", "deflazacorte"}},
		{synthetic, "um antifúngico", "o tratamento das micoses da pele e das mucosas", "a membrana dos fungos", "a lesão da pele",
			"coceira, ardor, alteração do paladar", "cápsulas", []string{"fluconazol", "itraconazol", "cetoconazol", "cloridrato de terbinafina", "nistatina"}},
		{synthetic, "um antiparasitário", "o tratamento das verminoses intestinais", "o metabolismo dos vermes", "o exame de fezes",
			"cólica, vômito, coceira", "comprimidos", []string{"albendazol", "ivermectina", "nitazoxanida", "secnidazol", "praziquantel"}},
		{synthetic, "um antiviral", "o tratamento de infecções por vírus", "a multiplicação do vírus", "a carga viral",
			"dor de cabeça, náusea, mal-estar", "comprimidos", []string{"aciclovir", "cloridrato de valaciclovir", "fosfato de oseltamivir", "lamivudina", "efavirenz"}},
		{synthetic, "um diurético", "o tratamento do edema e da pressão alta", "os túbulos dos rins", "o potássio no sangue",
			"câimbra, sede, aumento do ácido úrico", "comprimidos", []string{"furosemida", "hidroclorotiazida", "espironolactona", "clortalidona", "indapamida"}},
		{synthetic, "um anticoagulante", "a prevenção da trombose", "os fatores da coagulação", "o tempo de protrombina",
			"sangramento da gengiva, hematoma, anemia", "comprimidos", []string{"varfarina sódica", "rivaroxabana", "apixabana", "bissulfato de clopidogrel"}},
		{synthetic, "um hormônio", "a reposição do hormônio que falta", "os receptores do hormônio", "a dosagem do hormônio",
			"palpitação, calor, alteração do ciclo", "comprimidos", []string{"levotiroxina sódica", "valerato de estradiol", "acetato de medroxiprogesterona", "desogestrel"}},
		{synthetic, "uma associação de anti-hipertensivos", "o tratamento da pressão alta que não cede a um só medicamento", "os vasos e os rins", "a pressão arterial",
			"tontura ao levantar, câimbra, tosse", "comprimidos", []string{"losartana potássica + hidroclorotiazida", "maleato de enalapril + hidroclorotiazida",
				"valsartana + besilato de anlodipino", "atenolol + clortalidona", "olmesartana medoxomila + hidroclorotiazida"}},
		{synthetic, "uma associação analgésica", "o alívio das dores musculares e da enxaqueca", "os músculos e os centros da dor", "o número de doses por semana",
			"sonolência, tontura, boca seca", "comprimidos", []string{"dipirona + citrato de orfenadrina + cafeína", "paracetamol + cafeína", "paracetamol + fosfato de codeína",
				"paracetamol + maleato de clorfeniramina + cloridrato de fenilefrina"}},
		{synthetic, "uma associação antibiótica", "o tratamento de infecções por bactérias resistentes", "as enzimas das bactérias", "a cultura",
			"diarreia, erupção da pele, náusea", "comprimidos", []string{"amoxicilina + clavulanato de potássio", "sulfametoxazol + trimetoprima"}},
		{biological, "um medicamento biológico", "o tratamento de doenças em que falta uma proteína", "a proteína que falta", "a dosagem de anticorpos",
			"dor no local da aplicação, febre, calafrio", "solução injetável", []string{"insulina humana", "insulina glargina", "somatropina", "filgrastim", "alfaepoetina",
				"enoxaparina sódica", "heparina sódica", "fator IX de coagulação", "imunoglobulina humana", "toxina botulínica"}},
		{biological, "um anticorpo monoclonal", "o tratamento de tumores e de doenças autoimunes", "o receptor da célula doente", "a função do coração",
			"fadiga, infecção, reação à infusão", "solução injetável", []string{"adalimumabe", "trastuzumabe", "rituximabe", "bevacizumabe", "infliximabe", "denosumabe"}},
		{specific, "um repositor de vitaminas e minerais", "a prevenção e o tratamento de carências", "as reservas do organismo", "a dosagem no sangue",
			"fezes escuras, gosto metálico, náusea", "solução oral", []string{"sulfato ferroso", "ácido fólico", "ácido ascórbico", "colecalciferol", "cianocobalamina",
				"carbonato de cálcio", "sulfato de zinco", "citrato de potássio"}},
		{specific, "um líquido para reidratação", "a reposição de água e de sais", "o volume do sangue", "o sódio no sangue",
			"edema, dor no braço, febre", "solução injetável", []string{"cloreto de sódio", "glicose", "cloreto de potássio", "bicarbonato de sódio", "sulfato de magnésio",
				"gliconato de cálcio"}},
		{herbal, "um fitoterápico", "o alívio de queixas leves", "o órgão de que se queixa o paciente", "a evolução das queixas",
			"azia, alergia da pele, sonolência", "cápsulas", []string{"Ginkgo biloba", "Passiflora incarnata", "Valeriana officinalis", "Hedera helix", "Maytenus ilicifolia",
				"Cynara scolymus", "Senna alexandrina", "Aesculus hippocastanum", "Mikania glomerata", "Peumus boldus"}},
		{dynamized, "um medicamento dinamizado", "o alívio de sintomas pela lei dos semelhantes", "a reação do próprio organismo", "a evolução dos sintomas",
			"agravação passageira, coceira, insônia", "solução oral", []string{"Arnica montana", "Atropa belladonna", "Nux vomica", "Bryonia alba", "Matricaria chamomilla"}},
		{radioactive, "um radiofármaco", "a imagem de órgãos pela medicina nuclear", "o órgão que se quer ver", "a radiação recebida",
			"rubor, náusea, gosto estranho", "solução injetável", []string{"pertecnetato de sódio", "iodeto de sódio", "fludesoxiglicose", "citrato de gálio", "cloreto de tálio"}},
		{advanced, "um produto de terapia avançada", "o tratamento de doenças raras de origem genética", "o gene defeituoso", "a resposta imunológica",
			"febre, queda das plaquetas, fadiga", "suspensão injetável", []string{"tisagenlecleucel", "onasemnogeno abeparvoveque", "voretigeno neparvoveque"}},
	}
}
