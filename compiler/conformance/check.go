package main

import (
	"encoding/json"
	"strings"

	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// checker applies every rule to every document.
type checker struct {
	schemas        *schemas
	requireSchemas bool
}

// check reads and judges everything below the paths.
func (c *checker) check(paths []string) ([]*document, error) {
	folders, err := readFolders(paths)
	if err != nil {
		return nil, err
	}
	var out []*document
	for _, f := range folders {
		out = append(out, c.checkFolder(f)...)
	}
	return out, nil
}

// checkFolder judges the documents one by one, then what they say of each other. The answer
// holds the folder's documents, each followed by the manifests embedded in it.
func (c *checker) checkFolder(f *folder) []*document {
	objects := newObjects(f.dir)
	var out []*document
	for _, d := range f.documents {
		out = append(out, d)
		if len(d.problems) > 0 {
			continue // not readable: nothing more to say
		}
		c.checkDocument(d, objects)
		embedded := embeddedManifests(d, objects, c.schemas)
		for _, e := range embedded {
			if len(e.problems) == 0 {
				c.checkDocument(e, nil)
			}
		}
		out = append(out, embedded...)
	}
	c.checkTogether(f, objects)
	return out
}

// checkDocument judges one document by its kind. Typed objects are kept in objects, if given.
func (c *checker) checkDocument(d *document, objects *objects) {
	if d.kind == "Kustomization" && d.group() == "kustomize.config.k8s.io" {
		return // judged with its folder
	}
	checkMetadata(d)
	switch {
	case isTektonPipelineGroup(d):
		checkTekton(d, objects)
		c.checkSchema(d)
	case isBuiltIn(d):
		checkBuiltIn(d, objects)
	default:
		checkServing(d)
		c.checkSchema(d)
	}
}

// checkSchema judges a custom resource by its definition, or says that there is none.
func (c *checker) checkSchema(d *document) {
	found, problems := c.schemas.validate(d)
	if found {
		d.verified = true
		for _, problem := range problems {
			d.refuse("schema: %s", problem)
		}
		return
	}
	d.noSchema = true
	if c.requireSchemas {
		d.refuse("no schema for %s %s", d.apiVersion, d.kind)
		return
	}
	d.note("unchecked: no schema for %s %s", d.apiVersion, d.kind)
}

// checkMetadata applies the API server's rules for names, labels and annotations.
func checkMetadata(d *document) {
	raw, ok := d.object["metadata"].(map[string]any)
	if !ok {
		d.refuse("no metadata")
		return
	}
	text, err := json.Marshal(raw)
	if err != nil {
		d.refuse("metadata: %v", err)
		return
	}
	var meta metav1.ObjectMeta
	strict, err := kjson.UnmarshalStrict(text, &meta)
	if err != nil {
		d.refuse("metadata: %v", err)
		return
	}
	for _, problem := range strict {
		d.refuse("metadata: %v", problem)
	}
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name = generated(meta.GenerateName)
	}
	// Whether the object lies in a namespace is not known here; the namespace itself is checked where it stands.
	_, namespaced := raw["namespace"]
	for _, problem := range apimachineryvalidation.ValidateObjectMeta(&meta, namespaced, nameRule(d), field.NewPath("metadata")) {
		d.refuse("%v", problem)
	}
}

// nameRule is the API server's rule for names: path segments for RBAC objects, else DNS subdomains.
func nameRule(d *document) apimachineryvalidation.ValidateNameFunc {
	if d.group() == "rbac.authorization.k8s.io" {
		return func(name string, _ bool) []string { return pathSegment(name) }
	}
	return apimachineryvalidation.NameIsDNSSubdomain
}

func pathSegment(name string) []string {
	if name == "." || name == ".." || strings.ContainsAny(name, "/%") {
		return []string{"may not be '.' or '..' or contain '/' or '%'"}
	}
	return nil
}

// generated completes a generateName as the API server does: cut to 58 characters, five added.
func generated(prefix string) string {
	const kept = 58
	if len(prefix) > kept {
		prefix = prefix[:kept]
	}
	return prefix + "x7k2q"
}
