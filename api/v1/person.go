package v1

// Person is who is to subscribe, or what is to become of a subscriber: in the clear, with no place in a log.
type Person struct {
	Email      string            `json:"email,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	WhatsApp   string            `json:"whatsapp,omitempty"` // E.164
	Telegram   string            `json:"telegram,omitempty"` // number of a chat
	Matrix     string            `json:"matrix,omitempty"`   // @user:server
	WebPush    *PushSubscription `json:"webpush,omitempty"`
	Channels   []Channel         `json:"channels,omitempty"` // the order in which to use them
	Name       string            `json:"name,omitempty"`
	Language   string            `json:"language,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// What mail to him is encrypted with.
	SMIMECertificate *string     `json:"smimeCertificate,omitzero"` // PEM; of a change, empty: no more
	OpenPGPKey       *string     `json:"openpgpKey,omitzero"`       // armored; likewise
	Consent          *NewConsent `json:"consent,omitempty"`
	Confirm          bool        `json:"confirm,omitzero"` // of an admin's: invite the person
	Again            bool        `json:"again,omitzero"`   // likewise: take the person back who has left
}
