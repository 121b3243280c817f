package simulator

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phrase fills in a sentence of [phrases].
func (f formula) phrase(text string, r *rand.Rand) string {
	n, m := 2+r.IntN(28), 31+r.IntN(68)
	var filled strings.Builder
	for {
		plain, rest, more := strings.Cut(text, "{")
		filled.WriteString(plain)
		if !more {
			break
		}
		slot, after, _ := strings.Cut(rest, "}")
		filled.WriteString(f.slot(slot, n, m))
		text = after
	}
	whole := contract(filled.String())
	first, size := utf8.DecodeRuneInString(whole)
	return string(unicode.ToUpper(first)) + whole[size:]
}

func (f formula) slot(name string, n, m int) string {
	switch name {
	case "ativo":
		return f.name()
	case "classe":
		return f.use.class
	case "fim":
		return f.use.purpose
	case "alvo":
		return f.use.target
	case "sinal":
		return f.use.sign
	case "queixas":
		return f.use.reactions
	case "n":
		return strconv.Itoa(n)
	default:
		return strconv.Itoa(m)
	}
}

// contract joins prepositions with the articles that a slot begins with, as Portuguese does.
func contract(text string) string {
	for _, pair := range [...][2]string{{" de o ", " do "}, {" de a ", " da "}, {" de os ", " dos "}, {" de as ", " das "}, {" por o ", " pelo "},
		{" por a ", " pela "}, {" a o ", " ao "}, {" a a ", " à "}, {" a os ", " aos "}, {" a as ", " às "}} {
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	return text
}

// topic is what a numbered section is about. Both audiences' leaflets have sections on most topics.
type topic int

const (
	indication topic = iota
	efficacy
	mechanism
	pharmacology
	contraindication
	warnings
	interactions
	storage
	dosage
	forgotten
	adverse
	overdose
)

// patientTopics are those of the nine sections for patients, in their order.
func patientTopics() []topic {
	return []topic{indication, mechanism, contraindication, warnings, storage, dosage, forgotten, adverse, overdose}
}

// professionalTopics are those of the ten sections for professionals, in their order.
func professionalTopics() []topic {
	return []topic{indication, efficacy, pharmacology, contraindication, warnings, interactions, storage, dosage, adverse, overdose}
}

// phrases are the sentences about a topic. {ativo}, {classe}, {fim}, {alvo}, {sinal} and {queixas} stand for what the formula says,
// {n} and {m} for numbers.
func phrases(t topic) []string { //nolint:funlen // a table
	return [...][]string{
		indication: {
			"{ativo} é {classe} indicado para {fim} em adultos e em crianças acima de {n} anos.",
			"O uso de {ativo} só deve começar depois que o diagnóstico foi confirmado e {sinal} foi medido ao menos {n} vezes.",
			"Em pacientes com mais de {m} anos, {ativo} também é indicado quando outro tratamento não bastou para {fim}.",
			"A associação de {ativo} a outras medidas, como dieta e atividade física, faz parte do plano de {n} semanas.",
			"Não há indicação de {ativo} em quadros que se resolvem sozinhos em menos de {n} dias.",
			"Quando {sinal} se mantém alterado por {n} semanas, a indicação de {ativo} deve ser revista.",
			"Para {fim}, {ativo} pode ser usado sozinho ou com outro medicamento durante {m} dias.",
			"A resposta a {ativo} depende da causa da doença e é avaliada depois de {n} semanas de uso contínuo.",
			"Em {m}% dos casos, {fim} com {ativo} exige acompanhamento por mais de {n} meses.",
			"Esta indicação de {ativo} não se estende a gestantes nem a crianças com menos de {n} quilos.",
		},
		efficacy: {
			"Em estudo duplo-cego com {n} centros e {m} pacientes por grupo, {ativo} foi superior ao placebo após {n} semanas.",
			"A resposta clínica a {ativo}, medida por {sinal}, foi de {m}% contra {n}% no grupo de controle.",
			"Num estudo aberto, {m} voluntários receberam {ativo} por {n} meses e a melhora manteve-se até o fim.",
			"A taxa de abandono com {ativo} foi de {n}%, e a maior parte deveu-se a {queixas}.",
			"Uma análise de {n} ensaios comparou {ativo} a outro medicamento para {fim}, sem diferença relevante.",
			"Entre idosos, a proporção de respondedores a {ativo} foi {n} pontos menor do que entre adultos jovens.",
			"A redução média de {sinal} com {ativo} chegou a {m}% na semana {n} e não se alterou depois.",
			"Em seguimento de {n} anos, {ativo} reduziu a necessidade de internação em {m} de cada mil pacientes.",
			"Pacientes que trocaram o tratamento anterior por {ativo} mantiveram o controle por {m} semanas.",
			"Não foram realizados estudos de {ativo} com mais de {m} meses em menores de {n} anos.",
		},
		mechanism: {
			"{ativo} age sobre {alvo} e começa a fazer efeito cerca de {n} minutos depois da administração.",
			"Por ser {classe}, {ativo} muda {sinal} aos poucos, ao longo de {n} dias.",
			"O efeito de cada dose de {ativo} dura de {n} a {m} horas.",
			"A ação de {ativo} sobre {alvo} não cura a causa, mas permite {fim}.",
			"Depois de {n} semanas de uso regular, o efeito de {ativo} atinge o seu máximo em {m}% das pessoas.",
			"Quando o uso de {ativo} é interrompido, {sinal} volta ao que era em cerca de {n} dias.",
			"A refeição atrasa o começo da ação de {ativo} em {m} minutos, sem diminuir o efeito.",
			"Em pessoas com mais de {m} anos a ação de {ativo} pode demorar {n} minutos a mais.",
			"{ativo} liga-se a {alvo} e impede a etapa seguinte da doença por {n} horas.",
			"A melhora com {ativo} costuma ser notada por {m} de cada cem pacientes na semana {n}.",
		},
		pharmacology: {
			"{ativo} é {classe} que atua sobre {alvo} com afinidade {n} vezes maior que a do composto de origem.",
			"Após dose única, a concentração máxima de {ativo} é atingida em {n} minutos e a meia-vida é de {m} horas.",
			"A biodisponibilidade absoluta de {ativo} é de {m}%, e cerca de {n}% da dose sofre metabolismo de primeira passagem.",
			"A ligação de {ativo} às proteínas do plasma é de {m}%, sobretudo à albumina.",
			"O volume de distribuição de {ativo} em adultos é de {n} litros e não muda com a idade.",
			"{ativo} é metabolizado no fígado a {n} derivados, dos quais um só atua sobre {alvo}.",
			"Cerca de {m}% da dose de {ativo} é eliminada pela urina em {n} horas, e o restante pelas fezes.",
			"Em insuficiência renal grave, a depuração de {ativo} diminui {m}% e {sinal} deve ser acompanhado.",
			"O estado de equilíbrio de {ativo} é alcançado após {n} dias de doses diárias.",
			"Não se observou acúmulo de {ativo} depois de {m} dias de administração repetida a {n} voluntários.",
		},
		contraindication: {
			"{ativo} é contraindicado em caso de alergia a {ativo} ou a outro componente da fórmula.",
			"Não se deve usar {ativo} nos primeiros {n} meses de gravidez sem orientação médica.",
			"O uso de {ativo} é contraindicado em menores de {n} anos e em pessoas com menos de {m} quilos.",
			"Pacientes com doença grave do fígado não devem receber {ativo} por mais de {n} dias.",
			"Quem já teve {queixas} com outro medicamento da mesma classe não deve tomar {ativo}.",
			"É contraindicado o uso de {ativo} quando {sinal} está fora dos limites há mais de {n} semanas.",
			"A amamentação deve ser suspensa durante o uso de {ativo} e por {m} horas depois da última dose.",
			"{ativo} não deve ser usado na véspera de cirurgia nem nas {m} horas seguintes.",
			"Em porfiria e em obstrução do intestino, {ativo} é contraindicado em qualquer dose acima de {n} mg.",
			"Não há dados de {ativo} em pacientes em diálise há mais de {n} anos, que por isso não o devem usar.",
		},
		warnings: {
			"Durante o tratamento com {ativo}, {sinal} deve ser verificado a cada {n} dias.",
			"Pacientes com insuficiência renal precisam de {m}% da dose habitual de {ativo}.",
			"{ativo} pode causar {queixas}; não dirija nem opere máquinas nas primeiras {n} horas.",
			"O tratamento com {ativo} não deve ser interrompido de repente, e sim ao longo de {n} dias.",
			"Informe o uso de {ativo} ao dentista se a extração estiver marcada para os próximos {n} dias.",
			"Em idosos acima de {m} anos, comece {ativo} com metade da dose e aumente a cada {n} dias.",
			"Bebidas alcoólicas aumentam o efeito de {ativo} sobre {alvo} por até {n} horas.",
			"A prescrição de {ativo} na lactação exige avaliar o lactente a cada {n} semanas.",
			"Se {sinal} piorar depois de {n} dias de {ativo}, procure o médico sem demora.",
			"Cada unidade de {ativo} contém {m} mg de lactose, o que deve ser considerado em diabéticos.",
		},
		interactions: {
			"A administração de {ativo} com anticoagulantes aumentou em {m}% o tempo de sangramento.",
			"Antiácidos diminuem a absorção de {ativo} em {m}% se tomados no intervalo de {n} horas.",
			"Inibidores da enzima CYP3A4 elevam a concentração de {ativo} em até {n} vezes.",
			"O uso de {ativo} com diuréticos exige dosar o potássio a cada {n} dias.",
			"A rifampicina reduz a concentração de {ativo} em {m}% a partir do dia {n}.",
			"Não se observou interação entre {ativo} e contraceptivos orais em {m} voluntárias.",
			"O suco de toranja pode prolongar o efeito de {ativo} sobre {alvo} por {n} horas.",
			"Lítio e {ativo} não devem ser associados por mais de {n} dias sem dosagem no soro.",
			"A digoxina teve a sua concentração aumentada em {n}% quando dada com {ativo} a {m} pacientes.",
			"{ativo} pode alterar o resultado de {sinal} em exames feitos até {n} horas depois da dose.",
		},
		storage: {
			"Conserve {ativo} em temperatura ambiente, entre 15 °C e 30 °C, protegido da luz e da umidade.",
			"O prazo de validade é de {n} meses a partir da data de fabricação.",
			"Número de lote e datas de fabricação e validade: vide embalagem.",
			"Não use medicamento com o prazo de validade vencido e guarde-o em sua embalagem original.",
			"Depois de aberto, este medicamento pode ser usado por {n} dias.",
			"Antes de usar, observe o aspecto do medicamento.",
			"Todo medicamento deve ser mantido fora do alcance das crianças.",
			"Caso haja mudança na cor ou no cheiro, consulte o farmacêutico antes de usar.",
		},
		dosage: {
			"A dose usual de {ativo} é de {n} mg, a cada {m} horas, com um copo de água.",
			"Para {fim} em adultos, a dose de {ativo} pode chegar a {m} mg por dia, em {n} tomadas.",
			"Em crianças acima de {n} anos, calcule {ativo} por quilo de peso e não passe de {m} mg por dia.",
			"Ajuste a dose de {ativo} conforme {sinal}, em intervalos de pelo menos {n} dias.",
			"Na insuficiência renal moderada, dê {ativo} a cada {m} horas e reavalie após {n} doses.",
			"O tratamento com {ativo} dura de {n} a {m} dias, salvo orientação diferente.",
			"Não parta, não abra e não mastigue {ativo}: isso muda a absorção em {m}%.",
			"Se a resposta a {ativo} não for suficiente em {n} semanas, considere outra conduta para {fim}.",
			"Tome {ativo} sempre no mesmo horário, {n} minutos antes da refeição.",
			"A troca de outro tratamento por {ativo} deve ser feita em {n} etapas, ao longo de {m} dias.",
		},
		forgotten: {
			"Se esquecer uma dose de {ativo}, tome-a assim que lembrar, desde que faltem mais de {n} horas para a próxima.",
			"Não tome duas doses de uma vez para compensar a que foi esquecida.",
			"Se mais de {n} doses seguidas forem esquecidas, fale com o médico antes de recomeçar.",
			"Anote o horário das tomadas para não se esquecer delas.",
			"Em caso de dúvidas, procure orientação do farmacêutico ou de seu médico ou cirurgião-dentista.",
			"O esquecimento pode diminuir a eficácia do tratamento por até {n} dias.",
		},
		adverse: {
			"As queixas mais frequentes com {ativo} em {m} pacientes foram {queixas}, em geral nas primeiras {n} semanas.",
			"A tabela a seguir reúne as reações a {ativo} vistas em {n} estudos, por frequência.",
			"Foram relatados {n} casos de alteração de {sinal} em cada {m} mil pacientes tratados com {ativo}.",
			"Reações na pele surgiram em {n}% dos que usaram {ativo} e cessaram {m} dias após a última dose.",
			"Se aparecer inchaço do rosto ou falta de ar, suspenda {ativo} e procure atendimento em até {n} minutos.",
			"Em crianças, {queixas} ocorreram com {ativo} {n} vezes mais do que em adultos.",
			"Depois da comercialização de {ativo} houve {n} relatos de alteração das enzimas do fígado em {m} meses.",
			"Informe ao médico, cirurgião-dentista ou farmacêutico o aparecimento de reações a {ativo} que durem mais de {n} dias.",
			"Nenhuma das {m} gestantes expostas a {ativo} por engano teve complicações até a semana {n}.",
			"Queixas de {queixas} com {ativo} diminuem quando a dose é reduzida em {m}%.",
		},
		overdose: {
			"Em caso de uso de grande quantidade deste medicamento, procure rapidamente socorro médico e leve a embalagem ou a bula.",
			"Ligue para 0800 722 6001 se precisar de mais orientações.",
			"Doses de {ativo} acima de {m} mg causaram {queixas} que cederam em {n} horas.",
			"Não há antídoto para {ativo}: o tratamento é de suporte, com vigilância de {sinal} por {n} horas.",
			"O carvão ativado reduz a absorção de {ativo} em {m}% se dado na primeira hora.",
			"A hemodiálise retira {n}% de {ativo} em {m} minutos.",
			"Não provoque vômito em quem tomou {ativo} há menos de {n} minutos.",
		},
	}[t]
}
