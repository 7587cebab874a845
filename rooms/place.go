package rooms

// Place is what is said in the place of all else to those whom an audience takes: to people in one district another thing than to
// those in the next. It has languages of its own, and no places.
type Place struct {
	Audience Audience
	Says     Content
}

// To is what is said to a person, in his language: that of the first place whose audience takes him, or of the content.
func (c Content) To(p Contact) Content {
	for _, place := range c.Places {
		if place.Audience.Takes(p) {
			return place.Says.In(p.Language)
		}
	}
	return c.In(p.Language)
}
