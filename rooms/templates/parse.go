package templates

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/cbroglie/mustache"

	"github.com/govcrier/crier/rooms"
)

// ErrTemplate is wrapped by every refusal of a template; its text never repeats the input.
var ErrTemplate = errors.New("not a valid template")

const (
	maxTemplate = 256 << 10 // bytes
	maxTags     = 1000
	maxDepth    = 8 // of sections within sections
)

// template is one text, compiled.
type template struct {
	parsed *mustache.Template
	tags   []tag
	size   int // bytes of the text
	count  int // of all tags
}

// tag is a place in a template that depends on a value.
type tag struct {
	name   string
	kind   mustache.TagType
	inside []tag // of a section
}

// parse compiles a text. Values are escaped for HTML, or put in as they are.
func parse(text string, html bool) (*template, error) {
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTemplate, maxTemplate)
	}
	if err := onlyKnown(text); err != nil {
		return nil, err
	}
	parsed, err := mustache.ParseStringPartialsRaw(text, none{}, !html)
	if err != nil {
		return nil, refusal(err)
	}
	left := maxTags
	tags, err := tagsOf(parsed.Tags(), maxDepth, &left)
	if err != nil {
		return nil, err
	}
	return &template{parsed, tags, len(text), maxTags - left}, nil
}

// onlyKnown refuses the tags of Mustache that are not to be had, wherever they stand.
func onlyKnown(text string) error {
	for {
		_, rest, found := strings.Cut(text, "{{")
		if !found {
			return nil
		}
		switch inside := strings.TrimLeftFunc(rest, unicode.IsSpace); {
		case strings.HasPrefix(inside, "{"), strings.HasPrefix(inside, "&"):
			return fmt.Errorf("%w: values are always escaped; write {{name}}", ErrTemplate)
		case strings.HasPrefix(inside, ">"):
			return fmt.Errorf("%w: there are no partials", ErrTemplate)
		case strings.HasPrefix(inside, "="):
			return fmt.Errorf("%w: the delimiters are {{ and }}", ErrTemplate)
		}
		text = rest
	}
}

// tagsOf takes over what has been parsed, at most so deep and so much.
func tagsOf(parsed []mustache.Tag, depth int, left *int) ([]tag, error) {
	var tags []tag
	for _, p := range parsed {
		if *left--; *left < 0 {
			return nil, fmt.Errorf("%w: more than %d tags", ErrTemplate, maxTags)
		}
		name, err := rooms.ParseValueName(p.Name())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		t := tag{name: name, kind: p.Type()}
		if t.kind != mustache.Variable {
			if depth == 0 {
				return nil, fmt.Errorf("%w: sections stand at most %d deep", ErrTemplate, maxDepth)
			}
			if t.inside, err = tagsOf(p.Tags(), depth-1, left); err != nil {
				return nil, err
			}
		}
		tags = append(tags, t)
	}
	return tags, nil
}

// refusal says what the parser did not like, without the names that it quotes.
func refusal(err error) error {
	var p mustache.ParseError
	if !errors.As(err, &p) {
		return ErrTemplate
	}
	why := "not Mustache"
	switch p.Code {
	case mustache.ErrUnmatchedOpenTag:
		why = "a tag that is not closed"
	case mustache.ErrEmptyTag:
		why = "an empty tag"
	case mustache.ErrSectionNoClosingTag:
		why = "a section that is not closed"
	case mustache.ErrInterleavedClosingTag:
		why = "a section is closed that is not the last one opened"
	case mustache.ErrUnmatchedCloseTag:
		why = "a section is closed that is not open"
	}
	return fmt.Errorf("%w: line %d: %s", ErrTemplate, p.Line, why)
}

// none has no partials, so that nothing is looked for on the disk.
type none struct{}

// Get finds nothing.
func (none) Get(string) (string, error) { return "", ErrTemplate }
