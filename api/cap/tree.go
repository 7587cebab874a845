package cap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// The namespaces that there are in an alert.
const (
	Namespace     = "urn:oasis:names:tc:emergency:cap:1.2"
	signature     = "http://www.w3.org/2000/09/xmldsig#"
	encryption    = "http://www.w3.org/2001/04/xmlenc#"
	schemaOfXML   = "http://www.w3.org/XML/1998/namespace"
	schemaLibrary = "http://www.w3.org/2001/XMLSchema-instance"
)

// maxDepth is how many levels there may be: an alert has four, a signature some more.
const maxDepth = 32

// element is an element of an alert, with its text or its children.
type element struct {
	name     string
	text     string
	children []*element
	signed   bool // the root's alone
}

// misread is why a document cannot be read: the fault that it comes to.
type misread struct {
	code   v1.FaultCode
	detail string
}

func (m *misread) Error() string { return m.detail }

func (m *misread) fault() rooms.Fault { return rooms.Fault{Code: string(m.code), Detail: m.detail} }

// treeReader reads a document into its elements.
type treeReader struct {
	dec   *xml.Decoder
	left  int // how many elements may still come
	depth int
	begun bool // something other than the declaration has come
}

// readTree reads one document whose root is an alert.
func readTree(body []byte, elements int) (*element, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, &misread{v1.FaultCodeEmptyBody, "an alert is expected"}
	case !utf8.Valid(body):
		return nil, &misread{v1.FaultCodeInvalidUTF8, "the body is not in UTF-8"}
	}
	r := treeReader{dec: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))), left: elements}
	root, err := r.document()
	var known *misread
	if err == nil || errors.As(err, &known) {
		return root, err
	}
	return nil, syntaxOf(err)
}

// syntaxOf says why it is not XML, without what stands there.
func syntaxOf(err error) error {
	if strings.Contains(err.Error(), "declared but Decoder.CharsetReader is nil") {
		return &misread{v1.FaultCodeInvalidUTF8, "another encoding than UTF-8 is declared"}
	}
	return &misread{v1.FaultCodeSyntax, "not well-formed XML"}
}

// document reads the root, and sees to it that nothing but comments and white space stands around it.
func (r *treeReader) document() (root *element, err error) {
	for {
		token, err := r.next()
		if err == io.EOF && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, &misread{v1.FaultCodeTrailingData, "text stands outside of the alert"}
			}
		case xml.StartElement:
			if root != nil {
				return nil, &misread{v1.FaultCodeTrailingData, "nothing is expected after the alert"}
			}
			if t.Name != (xml.Name{Space: Namespace, Local: "alert"}) {
				return nil, &misread{v1.FaultCodeInvalidValue, "the document is not an alert of the namespace " + Namespace}
			}
			root = &element{name: "alert"}
			if err := r.fill(root, t); err != nil {
				return nil, err
			}
		}
	}
}

// next gives the next token but comments and instructions; a DTD ends the reading.
func (r *treeReader) next() (xml.Token, error) {
	for {
		token, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, &misread{v1.FaultCodeSyntax, "a document type declaration is not taken"}
		case xml.ProcInst:
			if t.Target == "xml" && r.begun {
				return nil, &misread{v1.FaultCodeSyntax, "not well-formed XML"}
			}
		case xml.Comment:
		default:
			r.begun = true
			return token, nil
		}
		r.begun = true
	}
}

// fill reads what an element holds, up to its end.
func (r *treeReader) fill(e *element, start xml.StartElement) error {
	r.depth++
	defer func() { r.depth-- }()
	if err := r.count(start); err != nil {
		return err
	}
	var text strings.Builder
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			e.text = text.String()
			return nil
		case xml.StartElement:
			if err := r.child(e, t); err != nil {
				return err
			}
		}
	}
}

// count refuses an element that is one too many, too deep, or has attributes of its own: CAP knows none.
func (r *treeReader) count(start xml.StartElement) error {
	if r.left--; r.left < 0 {
		return &misread{v1.FaultCodeTooMany, "there are more elements than are taken"}
	}
	if r.depth > maxDepth {
		return &misread{v1.FaultCodeTooDeep, "the elements are nested too deeply"}
	}
	if start.Name.Space == signature {
		return nil
	}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns", a.Name == xml.Name{Local: "xmlns"}, a.Name.Space == schemaOfXML, a.Name.Space == schemaLibrary:
		default:
			return &misread{v1.FaultCodeUnknownMember, "an element has an attribute, of which CAP knows none"}
		}
	}
	return nil
}

func (r *treeReader) child(parent *element, start xml.StartElement) error {
	switch start.Name.Space {
	case Namespace:
		e := &element{name: start.Name.Local}
		parent.children = append(parent.children, e)
		return r.fill(e, start)
	case signature:
		if r.depth != 1 || start.Name.Local != "Signature" {
			return &misread{v1.FaultCodeUnknownMember, "a signature stands at the end of the alert"}
		}
		parent.signed = true
		parent.children = append(parent.children, &element{name: signed})
		return r.pass(start)
	case encryption:
		return &misread{v1.FaultCodeNotSupported, "encrypted alerts cannot be read"}
	}
	return &misread{v1.FaultCodeUnknownMember, "an element is of a namespace that is not known here"}
}

// pass reads over an element of a signature.
func (r *treeReader) pass(start xml.StartElement) error {
	r.depth++
	defer func() { r.depth-- }()
	if err := r.count(xml.StartElement{Name: xml.Name{Space: signature, Local: start.Name.Local}}); err != nil {
		return err
	}
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := r.pass(t); err != nil {
				return err
			}
		}
	}
}
