package v1

// Contact is the person to whom something goes: by Email, by Phone (E.164) or otherwise, by the first of Channels where there are
// several. It holds personal data in the clear and has no place in a log.
type Contact struct {
	Email      string            `json:"email,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	WhatsApp   string            `json:"whatsapp,omitempty"` // E.164
	Telegram   string            `json:"telegram,omitempty"` // number of a chat
	Matrix     string            `json:"matrix,omitempty"`   // @user:server
	WebPush    *PushSubscription `json:"webpush,omitempty"`
	Name       string            `json:"name,omitempty"`
	Channels   []Channel         `json:"channels,omitempty"`
	Language   string            `json:"language,omitempty"`   // BCP 47
	Values     map[string]string `json:"values,omitempty"`     // of a recipient
	Attributes map[string]string `json:"attributes,omitempty"` // of a subscriber
	// What mail to a recipient is encrypted with.
	SMIMECertificate string `json:"smimeCertificate,omitempty"` // PEM
	OpenPGPKey       string `json:"openpgpKey,omitempty"`       // armored
}

// Text is what a message says, on each channel.
type Text struct {
	Subject   string          `json:"subject,omitempty"` // e-mail, one line
	Text      string          `json:"text,omitempty"`    // e-mail, and SMS where SMS is empty
	HTML      string          `json:"html,omitempty"`    // e-mail, beside Text
	SMS       string          `json:"sms,omitempty"`
	Mustache  bool            `json:"mustache,omitzero"`   // the texts are templates
	Languages map[string]Text `json:"languages,omitempty"` // instead of the texts, by language (BCP 47)
}
