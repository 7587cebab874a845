package rooms

// CAP is the type of messages that alerts of the Common Alerting Protocol become.
const CAP Type = "cap"

// AreaDesc stands for the description of an area, where the name of a system of geocodes is asked for.
const AreaDesc = "areaDesc"

// RoomAlerts is what a room does with alerts of the Common Alerting Protocol.
type RoomAlerts struct {
	Public bool       `json:"public,omitzero"` // those that are public may be read by everybody, without a token
	Areas  []AreaRule `json:"areas,omitzero"`
}

// AreaRule says by which attribute of subscribers it is known who is concerned: those of whom it is one of the codes that an
// alert has for its areas, in a system of geocodes.
type AreaRule struct {
	Geocode   string `json:"geocode"`   // the valueName of the geocodes, or AreaDesc
	Attribute string `json:"attribute"` // the name of the attribute; "language" is none
}

// IsAlert says that a message to all subscribers was an alert: it is kept until it expires, since it is to be read as long as
// it is in force.
func (h Header) IsAlert() bool { return h.Type == CAP && !h.Direct }
