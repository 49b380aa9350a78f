// SPDX-License-Identifier: Apache-2.0

// Validates a Terraform configuration as `terraform validate` does, then evaluates what is known before anything is
// made, as a plan does: blocks are decoded by the provider's own schema, so unknown and missing arguments, wrong types
// and references to what is not there are errors. What the provider's code decides (allowed values) is not seen.
//
//	terraform SCHEMA.json FOLDER [VARIABLE=VALUE...]
//
// Prints one JSON object, resources by address with the values that are known. What is beyond the parts of the language
// that the templates use (modules, locals, data, for_each, dynamic) is an error.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func check(diags hcl.Diagnostics) {
	if diags.HasErrors() {
		for _, d := range diags.Errs() {
			fmt.Fprintln(os.Stderr, d)
		}
		os.Exit(1)
	}
}

// The folder's files as one body; which of them a block is in means nothing in this language.
func parse(folder string) hcl.Body {
	paths, _ := filepath.Glob(filepath.Join(folder, "*.tf"))
	if len(paths) == 0 {
		fail("no .tf file in '%s'", folder)
	}
	sort.Strings(paths)
	var files []*hcl.File
	parser := hclparse.NewParser()
	for _, path := range paths {
		file, diags := parser.ParseHCLFile(path)
		check(diags)
		files = append(files, file)
	}
	return hcl.MergeFiles(files)
}

func arguments(words []string) map[string]string {
	given := map[string]string{}
	for _, word := range words {
		name, value, found := strings.Cut(word, "=")
		if !found {
			fail("'%s' is not VARIABLE=VALUE", word)
		}
		given[name] = value
	}
	return given
}

// What is known of a value, for JSON: unknown members are left out.
func known(value cty.Value) any {
	switch {
	case !value.IsKnown() || value.IsNull():
		return nil
	case value.Type().IsPrimitiveType():
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			fail("%v", err)
		}
		return json.RawMessage(text)
	case value.Type().IsObjectType() || value.Type().IsMapType():
		members := map[string]any{}
		for name, member := range value.AsValueMap() {
			if shown := known(member); shown != nil {
				members[name] = shown
			}
		}
		return members
	}
	list := []any{}
	for _, member := range value.AsValueSlice() {
		list = append(list, known(member))
	}
	return list
}

// Resources by address. Without values of the variables it is validated whatever they will be.
func evaluate(blocks hcl.Blocks, schemas schemas, valued bool) map[string]any {
	scope := newScope(os.Args[2])
	scope.variables(blocks.OfType("variable"), arguments(os.Args[3:]), valued)
	for _, block := range blocks.OfType("provider") {
		scope.decode(block.Body, schemas.provider(block.Labels[0]).spec())
	}
	made := scope.resources(blocks.OfType("resource"), schemas)
	scope.outputs(blocks.OfType("output"))
	return made
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: terraform SCHEMA.json FOLDER [VARIABLE=VALUE...]")
	}
	schemas := readSchemas(os.Args[1])
	content, diags := parse(os.Args[2]).Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"}, {Type: "provider", LabelNames: []string{"name"}},
		{Type: "variable", LabelNames: []string{"name"}}, {Type: "output", LabelNames: []string{"name"}},
		{Type: "resource", LabelNames: []string{"type", "name"}},
	}})
	check(diags)
	checkSettings(content.Blocks.OfType("terraform"))
	evaluate(content.Blocks, schemas, false)
	text, err := json.MarshalIndent(evaluate(content.Blocks, schemas, true), "", "  ")
	if err != nil {
		fail("%v", err)
	}
	fmt.Println(string(text))
}
