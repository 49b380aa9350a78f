// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// As `terraform providers schema -json` prints them.
type attribute struct {
	Type                         json.RawMessage
	Required, Optional, Computed bool
}

type nestedBlock struct {
	Mode  string `json:"nesting_mode"`
	Block block
	Min   int `json:"min_items"`
	Max   int `json:"max_items"`
}

type block struct {
	Attributes map[string]attribute
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type providerSchema struct {
	Provider  struct{ Block block }
	Resources map[string]struct{ Block block } `json:"resource_schemas"`
}

type schemas struct {
	Providers map[string]providerSchema `json:"provider_schemas"`
}

const aws = "registry.terraform.io/hashicorp/aws"

func readSchemas(path string) schemas {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	var read schemas
	if err := json.Unmarshal(text, &read); err != nil {
		fail("%s: %v", path, err)
	}
	if _, found := read.Providers[aws]; !found {
		fail("%s: no schema of %s", path, aws)
	}
	return read
}

func (s schemas) provider(name string) block {
	if name != "aws" {
		fail("there is no schema for the provider '%s'", name)
	}
	return s.Providers[aws].Provider.Block
}

func (s schemas) resource(kind string) block {
	found, ok := s.Providers[aws].Resources[kind]
	if !ok {
		fail("the provider has no resource type '%s'", kind)
	}
	return found.Block
}

func (a attribute) cty() cty.Type {
	kind, err := ctyjson.UnmarshalType(a.Type)
	if err != nil {
		fail("a type of the schema: %v", err)
	}
	return kind
}

// What may be written: attributes that the provider alone sets are not among it.
func (b block) spec() hcldec.ObjectSpec {
	spec := hcldec.ObjectSpec{}
	for name, a := range b.Attributes {
		if a.Required || a.Optional {
			spec[name] = &hcldec.AttrSpec{Name: name, Type: a.cty(), Required: a.Required}
		}
	}
	for name, nested := range b.Blocks {
		inner := nested.Block.spec()
		switch nested.Mode {
		case "list":
			spec[name] = &hcldec.BlockListSpec{TypeName: name, Nested: inner, MinItems: nested.Min, MaxItems: nested.Max}
		case "set":
			spec[name] = &hcldec.BlockSetSpec{TypeName: name, Nested: inner, MinItems: nested.Min, MaxItems: nested.Max}
		case "single":
			spec[name] = &hcldec.BlockSpec{TypeName: name, Nested: inner, Required: nested.Min > 0}
		default:
			fail("the schema nests blocks as '%s'", nested.Mode)
		}
	}
	return spec
}

// A resource that is made: what is written, and the provider's own attributes, which are not known yet. An optional
// attribute that is not written is the provider's to choose when it is a computed one.
func (b block) planned(written cty.Value) cty.Value {
	members := written.AsValueMap()
	for name, a := range b.Attributes {
		value, found := members[name]
		if a.Computed && (!found || value.IsNull()) {
			members[name] = cty.UnknownVal(a.cty())
		}
	}
	return cty.ObjectVal(members)
}
