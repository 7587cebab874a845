package v1

// Contact is the person to whom something goes: by Email or by Phone (E.164), never both.
// It holds personal data in the clear and has no place in a log.
type Contact struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Text is what a message says, on each channel.
type Text struct {
	Subject string `json:"subject,omitempty"` // e-mail, one line
	Text    string `json:"text,omitempty"`    // e-mail, and SMS where SMS is empty
	HTML    string `json:"html,omitempty"`    // e-mail, beside Text
	SMS     string `json:"sms,omitempty"`
}
