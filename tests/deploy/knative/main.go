// SPDX-License-Identifier: Apache-2.0

// Validates manifests: knative FILE.yaml...
//
// Unknown members and wrong types are errors for every kind. A Service of Knative then goes through the code that
// Knative's own webhook runs at admission: defaults, and the validation of the result. Of Kubernetes' kinds only the
// selectors are looked at further.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"knative.dev/pkg/apis"
	serving "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"
)

var pods []labels.Set

func service(text []byte) error {
	var read serving.Service
	if err := yaml.UnmarshalStrict(text, &read); err != nil {
		return err
	}
	ctx := apis.WithinCreate(context.Background())
	read.SetDefaults(ctx)
	if err := read.Validate(ctx); err != nil {
		return err
	}
	return nil
}

func deployment(text []byte) error {
	var read apps.Deployment
	if err := yaml.UnmarshalStrict(text, &read); err != nil {
		return err
	}
	selector, err := meta.LabelSelectorAsSelector(read.Spec.Selector)
	if err != nil {
		return err
	}
	if made := labels.Set(read.Spec.Template.Labels); selector.Empty() || !selector.Matches(made) {
		return fmt.Errorf("spec.selector does not match the template's labels")
	}
	pods = append(pods, labels.Set(read.Spec.Template.Labels))
	return nil
}

func address(text []byte) error {
	var read core.Service
	if err := yaml.UnmarshalStrict(text, &read); err != nil {
		return err
	}
	for _, made := range pods {
		if labels.SelectorFromSet(read.Spec.Selector).Matches(made) {
			return nil
		}
	}
	return fmt.Errorf("spec.selector matches no pod that the file makes")
}

var kinds = map[meta.TypeMeta]func([]byte) error{
	{APIVersion: "serving.knative.dev/v1", Kind: "Service"}: service,
	{APIVersion: "apps/v1", Kind: "Deployment"}:             deployment,
	{APIVersion: "v1", Kind: "Service"}:                     address,
}

func validate(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head meta.TypeMeta
		if err := yaml.Unmarshal(document, &head); err != nil {
			return err
		}
		check, found := kinds[head]
		if !found {
			return fmt.Errorf("no kind '%s' in '%s'", head.Kind, head.APIVersion)
		}
		if err := check(document); err != nil {
			return fmt.Errorf("%s: %w", head.Kind, err)
		}
	}
	return nil
}

func main() {
	for _, path := range os.Args[1:] {
		if err := validate(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
	}
}
