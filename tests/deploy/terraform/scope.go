// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// What expressions may name.
type scope struct {
	context *hcl.EvalContext
	made    map[string]map[string]cty.Value // resources by type and name
}

func newScope(folder string) *scope {
	hash := function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(given []cty.Value, _ cty.Type) (cty.Value, error) {
			content, err := os.ReadFile(filepath.Join(folder, given[0].AsString()))
			sum := sha256.Sum256(content)
			return cty.StringVal(base64.StdEncoding.EncodeToString(sum[:])), err
		},
	})
	return &scope{
		context: &hcl.EvalContext{
			Variables: map[string]cty.Value{},
			Functions: map[string]function.Function{
				"contains": stdlib.ContainsFunc, "filebase64sha256": hash, "jsonencode": stdlib.JSONEncodeFunc,
			},
		},
		made: map[string]map[string]cty.Value{},
	}
}

func (s *scope) value(attribute *hcl.Attribute, kind cty.Type) cty.Value {
	value, diags := attribute.Expr.Value(s.context)
	check(diags)
	converted, err := convert.Convert(value, kind)
	if err != nil {
		fail("%s: %s: %v", attribute.Range, attribute.Name, err)
	}
	return converted
}

func (s *scope) decode(body hcl.Body, spec hcldec.Spec) cty.Value {
	value, diags := hcldec.Decode(body, spec, s.context)
	check(diags)
	return value
}

func checkSettings(blocks hcl.Blocks) {
	if len(blocks) != 1 {
		fail("%d blocks 'terraform'", len(blocks))
	}
	source := &hcldec.AttrSpec{Name: "aws", Type: cty.Map(cty.String), Required: true}
	spec := hcldec.ObjectSpec{
		"required_version": &hcldec.AttrSpec{Name: "required_version", Type: cty.String, Required: true},
		"providers":        &hcldec.BlockSpec{TypeName: "required_providers", Nested: source, Required: true},
	}
	value, diags := hcldec.Decode(blocks[0].Body, spec, nil)
	check(diags)
	if name := value.GetAttr("providers").Index(cty.StringVal("source")).AsString(); name != "hashicorp/aws" {
		fail("the provider is '%s'", name)
	}
}

// attributes of a block that has no others, and no blocks but the one of that name
func only(body hcl.Body, nested string, names ...string) (hcl.Attributes, hcl.Blocks) {
	schema := &hcl.BodySchema{}
	if nested != "" {
		schema.Blocks = []hcl.BlockHeaderSchema{{Type: nested}}
	}
	for _, name := range names {
		schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: name})
	}
	content, diags := body.Content(schema)
	check(diags)
	return content.Attributes, content.Blocks
}

// The value that was given, or the default; its type.
func (s *scope) variable(block *hcl.Block, given map[string]string) (cty.Value, cty.Type) {
	name := block.Labels[0]
	attributes, _ := only(block.Body, "validation", "type", "default", "description", "nullable", "sensitive")
	written, found := attributes["type"]
	if !found {
		fail("the variable '%s' has no type", name)
	}
	kind, diags := typeexpr.TypeConstraint(written.Expr)
	check(diags)
	if text, found := given[name]; found {
		value, err := convert.Convert(cty.StringVal(text), kind)
		if err != nil {
			fail("variable '%s': %v", name, err)
		}
		return value, kind
	}
	if written, found = attributes["default"]; !found {
		fail("the variable '%s' has no value", name)
	}
	return s.value(written, kind), kind
}

// Without values as `terraform validate` has them: whatever they will be.
func (s *scope) variables(blocks hcl.Blocks, given map[string]string, valued bool) {
	values, names := map[string]cty.Value{}, map[string]bool{}
	for _, block := range blocks {
		value, kind := s.variable(block, given)
		if !valued {
			value = cty.UnknownVal(kind)
		}
		values[block.Labels[0]], names[block.Labels[0]] = value, true
	}
	for name := range given {
		if !names[name] {
			fail("there is no variable '%s'", name)
		}
	}
	s.context.Variables["var"] = cty.ObjectVal(values)
	for _, block := range blocks {
		_, validations := only(block.Body, "validation", "type", "default", "description", "nullable", "sensitive")
		for _, validation := range validations {
			attributes, _ := only(validation.Body, "", "condition", "error_message")
			if holds := s.value(attributes["condition"], cty.Bool); holds.IsKnown() && holds.False() {
				fail("variable '%s': %s", block.Labels[0], s.value(attributes["error_message"], cty.String).AsString())
			}
		}
	}
}

func (s *scope) outputs(blocks hcl.Blocks) {
	for _, block := range blocks {
		attributes, _ := only(block.Body, "", "value", "description", "sensitive")
		s.value(attributes["value"], cty.DynamicPseudoType)
	}
}

// References from one resource to others, which have to be made before it.
func (s *scope) waits(body hcl.Body, spec hcldec.Spec, all map[string]bool) bool {
	traversals := hcldec.Variables(body, spec)
	attributes, _ := body.JustAttributes()
	for _, name := range []string{"count", "depends_on"} {
		if attribute, found := attributes[name]; found {
			traversals = append(traversals, attribute.Expr.Variables()...)
		}
	}
	for _, traversal := range traversals {
		if len(traversal) < 2 {
			continue
		}
		name, ok := traversal[1].(hcl.TraverseAttr)
		if !ok {
			continue
		}
		if _, found := s.made[traversal.RootName()][name.Name]; !found && all[traversal.RootName()+"."+name.Name] {
			return true
		}
	}
	return false
}

func (s *scope) resources(blocks hcl.Blocks, schemas schemas) map[string]any {
	all, shown := map[string]bool{}, map[string]any{}
	for _, block := range blocks {
		address := block.Labels[0] + "." + block.Labels[1]
		if all[address] {
			fail("%s: '%s' is there twice", block.DefRange, address)
		}
		all[address] = true
	}
	for len(blocks) > 0 {
		var later hcl.Blocks
		for _, block := range blocks {
			schema := schemas.resource(block.Labels[0])
			if s.waits(block.Body, schema.spec(), all) {
				later = append(later, block)
				continue
			}
			s.resource(block, schema, shown)
		}
		if len(later) == len(blocks) {
			fail("%s: resources refer to each other in a circle", blocks[0].DefRange)
		}
		blocks = later
	}
	return shown
}

func (s *scope) resource(block *hcl.Block, schema block, shown map[string]any) {
	kind, name := block.Labels[0], block.Labels[1]
	meta, body, diags := block.Body.PartialContent(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "count"}, {Name: "depends_on"}}})
	check(diags)
	if written, found := meta.Attributes["depends_on"]; found {
		s.dependencies(written)
	}
	count, counted := meta.Attributes["count"]
	var made []cty.Value
	for i, n := int64(0), s.count(count); i < n; i++ {
		value := schema.planned(s.decode(body, schema.spec()))
		made = append(made, value)
		address := kind + "." + name
		if counted {
			address += fmt.Sprintf("[%d]", i)
		}
		shown[address] = known(value)
	}
	if s.made[kind] == nil {
		s.made[kind] = map[string]cty.Value{}
	}
	if s.made[kind][name] = cty.TupleVal(made); !counted {
		s.made[kind][name] = made[0]
	}
	s.context.Variables[kind] = cty.ObjectVal(s.made[kind])
}

func (s *scope) count(attribute *hcl.Attribute) int64 {
	if attribute == nil {
		return 1
	}
	value := s.value(attribute, cty.Number)
	if !value.IsKnown() {
		return 1 // so that what would be made is looked at
	}
	if value.IsNull() {
		fail("%s: count is null", attribute.Range)
	}
	n, _ := value.AsBigFloat().Int64()
	return n
}

func (s *scope) dependencies(attribute *hcl.Attribute) {
	list, diags := hcl.ExprList(attribute.Expr)
	check(diags)
	for _, item := range list {
		traversal, diags := hcl.AbsTraversalForExpr(item)
		check(diags)
		_, diags = traversal.TraverseAbs(s.context)
		check(diags)
	}
}
