package replies

import (
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
)

// Options are the words that are understood beside those that everybody knows, and what is answered. The zero value works.
type Options struct {
	// Stop and Help are further words, whole texts such as "no more", in whatever language.
	Stop []string `yaml:"stop"`
	Help []string `yaml:"help"`
	// HelpTexts are what is said to who asks for help, by language (BCP 47); "en" is there by default, and where there is
	// no other. {room} is filled in.
	HelpTexts map[string]string `yaml:"helpTexts"`
}

// wordRoom is filled in.
const wordRoom = "{room}"

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	texts := map[string]string{"en": "{room}: messages of a public service. Reply STOP to get no more of them."}
	for language, text := range o.HelpTexts {
		texts[language] = text
	}
	o.HelpTexts, o.Stop, o.Help = texts, some(o.Stop), some(o.Help)
	return o
}

// some is nil where there is none.
func some(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	return words
}

// Check names every fault.
func (o Options) Check() []error {
	var faults []error
	for name, words := range map[string][]string{"stop": o.Stop, "help": o.Help} {
		for _, w := range words {
			if rooms.Keyword(w) == "" || len(w) > 100 {
				faults = append(faults, fmt.Errorf("%s: %q has no letters or digits, or too many", name, w))
			}
		}
	}
	for language, text := range o.HelpTexts {
		if _, err := rooms.ParseLanguage(language); err != nil {
			faults = append(faults, fmt.Errorf("helpTexts: %q is no language", language))
		}
		if _, err := rooms.ParseInboxText(text); err != nil || text == "" {
			faults = append(faults, fmt.Errorf("helpTexts.%s: %w", language, rooms.ErrText))
		}
	}
	return faults
}

// stopWords end a subscription, in many languages: the keywords of the carriers (CTIA), and what people write in their own.
func stopWords() []string {
	return []string{
		"stop", "stopall", "stop all", "unsubscribe", "end", "quit", "cancel", "optout", "opt out", "revoke", "remove", // English
		"arret", "arrêt", "arrêter", "désabonner", "desabonner", // French
		"stopp", "abmelden", "abbestellen", "beenden", "austragen", // German
		"basta", "annulla", "cancella", "disiscrivi", "ferma", // Italian
		"alto", "parar", "baja", "cancelar", "detener", // Spanish
		"pare", "sair", "remover", // Portuguese
		"afmelden", "uitschrijven", // Dutch
		"stanna", "avsluta", "avregistrera", "avslutt", "afmeld", "lopeta", "peruuta", "lõpeta", "beigt", "apturēt", "sustabdyti", // Nordic, Baltic
		"koniec", "wypisz", "rezygnuję", "zrušit", "odhlásit", "zrušiť", "odhlásiť", "leiratkozás", "leállít", // Polish, Czech, Slovak, Hungarian
		"dezabonare", "oprește", "odjava", "zaustavi", "ndalo", "çregjistrohu", // Romanian, South Slavic, Albanian
		"стоп", "отписка", "отписаться", "хватит", "отмена", // Russian
		"відписатися", "відписка", "спиніть", "адпісацца", "спри", "отпиши", "откажи", "одјава", // Ukrainian, Belarusian, Bulgarian, Serbian
		"токто", "токтот", "тоқта", "тоқтату", "зогс", "зогсоох", // Kyrgyz, Kazakh, Mongolian
		"toʻxta", "toxta", "to'xta", "қатъ", // Uzbek, Tajik
		"dur", "durdur", "dayandır", "iptal", "saxla", // Turkish, Azerbaijani
		"σταμάτα", "σταματα", "στοπ", "διακοπή", "διαγραφή", // Greek
		"توقف", "إيقاف", "ايقاف", "الغاء", "إلغاء", "قف", "لغو", "بند", "روکو", "روکیں", "بس", "ودروه", // Arabic, Persian, Urdu, Dari, Pashto
		"הסר", "עצור", "הפסק", // Hebrew
		"रोकें", "रोको", "बंद", "बन्द", "রোকুন", "বন্ধ", "থামুন", "ਬੰਦ", "બંધ", "நிறுத்து", "ఆపు", "ನಿಲ್ಲಿಸಿ", "നിർത്തുക", "නවත්වන්න", // India and its neighbours
		"หยุด", "ยกเลิก", "ຢຸດ", "ឈប់", "ရပ်", "berhenti", "batal", "hentikan", "dừng", "ngừng", "hủy", "tuchi", "tigil", "itigil", // South-East Asia
		"停止", "退订", "取消", "退訂", "停", "解除", "配信停止", "중지", "정지", "수신거부", "그만", // East Asia
		"simama", "ondoa", "komesha", "hagarika", "reka", "yima", "emisa", "tsayar", "dakata", "kwụsị", "jooji", "አቁም", "dhaabi", "ajanona", // Africa
		"შეწყვეტა", "სტოპ", "կանգ", "դադարեցնել", // Caucasus
	}
}

func helpWords() []string {
	return []string{
		"help", "info", "aide", "hilfe", "aiuto", "ayuda", "ajuda", "hulp", "hjälp", "hjelp", "hjælp", "apua", "abi", "pomoc", "segítség", "ajutor", "ndihmë",
		"помощь", "помогите", "справка", "допомога", "дапамога", "помощ", "помоћ", "жардам", "көмек", "тусламж", "yordam", "ёрӣ", "yardım", "kömək",
		"βοήθεια", "مساعدة", "کمک", "مدد", "עזרה", "मदद", "সাহায্য", "ਮਦਦ", "મદદ", "உதவி", "సహాయం", "ಸಹಾಯ", "സഹായം",
		"ช่วย", "ช่วยเหลือ", "ຊ່ວຍ", "ជំនួយ", "bantuan", "tolong", "trợ giúp", "giúp", "tulong", "帮助", "幫助", "ヘルプ", "도움", "도움말",
		"msaada", "ubufasha", "usizo", "taimako", "iranlọwọ", "enyemaka", "caawimo", "እርዳታ", "დახმარება", "օգնություն",
	}
}

// startWords ask for a subscription, at the address of one room.
func startWords() []string { return []string{"start", "join", "subscribe"} }

// words knows what a text that is nothing but a word asks for.
type words struct{ stop, help, start map[string]bool }

func (o Options) words() words {
	set := func(lists ...[]string) map[string]bool {
		m := map[string]bool{}
		for _, w := range slices.Concat(lists...) {
			m[rooms.Keyword(w)] = true
		}
		return m
	}
	return words{stop: set(stopWords(), o.Stop), help: set(helpWords(), o.Help), start: set(startWords())}
}

// start is a kind of our own: what asks for a subscription.
const start rooms.InboundKind = "start"

// kind is what a text asks for, at a room with further words; a text of a room's keyword and a word too.
func (w words) kind(text string, inboxes ...rooms.Inbox) rooms.InboundKind {
	said := []string{rooms.Keyword(text)}
	for _, i := range inboxes {
		for _, k := range i.Keywords {
			if rest, ok := after(said[0], k); ok {
				said = append(said, rest)
			}
		}
	}
	is := func(known map[string]bool, own func(rooms.Inbox) []string) bool {
		return slices.ContainsFunc(said, func(s string) bool {
			return known[s] || s != "" && slices.ContainsFunc(inboxes, func(i rooms.Inbox) bool { return slices.Contains(own(i), s) })
		})
	}
	switch {
	case is(w.stop, func(i rooms.Inbox) []string { return i.Stop }):
		return rooms.InboundStop
	case is(w.help, func(rooms.Inbox) []string { return nil }):
		return rooms.InboundHelp
	case is(w.start, func(i rooms.Inbox) []string { return i.Start }):
		return start
	}
	return rooms.InboundReply
}

// after is what follows a keyword, or stands before it: NEWBORN STOP, STOP NEWBORN.
func after(said, keyword string) (string, bool) {
	if n := len(keyword) + 1; len(said) > n {
		if said[:n] == keyword+" " {
			return said[n:], true
		}
		if said[len(said)-n:] == " "+keyword {
			return said[:len(said)-n], true
		}
	}
	return "", false
}
