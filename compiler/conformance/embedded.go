package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// applyCommand is how a step applies a manifest that it carries as an argument.
var applyCommand = []string{"/fuse-step", "apply"}

const (
	manifestFlag = "--manifest="
	holeFlag     = "--hole="
	holeFiller   = "s3://bucket/path"
	imageFiller  = "registry.example/image:1"
	// kubeconfigFlag takes the manifest to another cluster, whose rights nobody knows here.
	kubeconfigFlag = "--kubeconfig="
)

// embeddedManifests are the manifests that a Task's or a Pipeline's steps apply at run time, with
// their holes filled by something plausible.
func embeddedManifests(d *document, objects *objects, schemas *schemas) []*document {
	if !isTektonPipelineGroup(d) {
		return nil
	}
	var out []*document
	walk(d.object, "", func(path, key string, value any) {
		steps, ok := value.([]any)
		if key != "steps" || !ok {
			return
		}
		for i, step := range steps {
			fields, ok := step.(map[string]any)
			if !ok || !slices.Equal(texts(fields["command"]), applyCommand) {
				continue
			}
			out = append(out, embeddedManifest(d, fields, i, schemas))
		}
	})
	objects.embedded[d] = out
	return out
}

// embeddedManifest reads one step's manifest. What is wrong with it is refused in the document returned.
func embeddedManifest(d *document, step map[string]any, index int, schemas *schemas) *document {
	name, _ := step["name"].(string)
	if name == "" {
		name = fmt.Sprintf("steps[%d]", index)
	}
	e := &document{path: d.path, index: d.index, step: name}
	var manifests, holes []string
	for _, arg := range texts(step["args"]) {
		if text, ok := strings.CutPrefix(arg, manifestFlag); ok {
			manifests = append(manifests, text)
		}
		if strings.HasPrefix(arg, kubeconfigFlag) {
			e.elsewhere = true
		}
		if text, ok := strings.CutPrefix(arg, holeFlag); ok {
			holes = append(holes, text)
		}
	}
	if len(manifests) != 1 {
		e.refuse("an apply step carries one %s argument, this one %d", strings.TrimSuffix(manifestFlag, "="), len(manifests))
		return e
	}
	// Tekton and the kubelet expand both in arguments, so that the step would get another text.
	for _, live := range []string{"$(", "$$"} {
		if strings.Contains(manifests[0], live) {
			e.refuse("the manifest holds %q, which is expanded before the step sees it", live)
		}
	}
	if !json.Valid([]byte(manifests[0])) {
		e.refuse("the manifest is not JSON")
		return e
	}
	e.setJSON([]byte(manifests[0]))
	if len(e.problems) > 0 {
		return e
	}
	for _, hole := range holes {
		e.fill(hole, schemas)
	}
	for _, path := range nulls(e.object, "") {
		e.refuse("%s is null and no hole fills it", path)
	}
	filled, err := json.Marshal(e.object)
	if err != nil {
		e.refuse("%v", err)
		return e
	}
	e.json = filled
	return e
}

// fill puts a plausible value at a hole, `/json/pointer=reference`.
func (d *document) fill(hole string, schemas *schemas) {
	pointer, source, ok := strings.Cut(hole, "=")
	if !ok || source == "" {
		d.refuse("hole %q: wants /json/pointer=value", hole)
		return
	}
	if !strings.HasPrefix(pointer, "/") {
		d.refuse("hole %q: not a JSON pointer", hole)
		return
	}
	parts := strings.Split(pointer[1:], "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
	}
	var at any = d.object
	for i, part := range parts {
		last := i == len(parts)-1
		switch here := at.(type) {
		case map[string]any:
			value, present := here[part]
			if !present {
				d.refuse("hole %s: the manifest has no such place", pointer)
				return
			}
			if last {
				if value != nil {
					d.refuse("hole %s: the place holds %T, not null", pointer, value)
					return
				}
				here[part] = filler(part, schemas.typeAt(d, parts))
			}
			at = value
		case []any:
			index, err := strconv.Atoi(part)
			if err != nil || index < 0 || index >= len(here) {
				d.refuse("hole %s: the manifest has no such place", pointer)
				return
			}
			if last {
				if here[index] != nil {
					d.refuse("hole %s: the place holds %T, not null", pointer, here[index])
					return
				}
				here[index] = filler(part, schemas.typeAt(d, parts))
			}
			at = here[index]
		default:
			d.refuse("hole %s: the manifest has no such place", pointer)
			return
		}
	}
}

// filler is a value of the type that the schema wants: text where it does not say.
func filler(field, kind string) any {
	if field == "image" {
		return imageFiller
	}
	switch kind {
	case "integer", "number":
		return int64(1)
	case "boolean":
		return true
	case "object":
		return map[string]any{}
	case "array":
		return []any{}
	default:
		return holeFiller
	}
}

// nulls are the places below the value that hold null.
func nulls(value any, path string) []string {
	switch value := value.(type) {
	case nil:
		return []string{path}
	case map[string]any:
		var out []string
		for _, key := range sortedKeys(value) {
			out = append(out, nulls(value[key], path+"/"+key)...)
		}
		return out
	case []any:
		var out []string
		for i, item := range value {
			out = append(out, nulls(item, fmt.Sprintf("%s/%d", path, i))...)
		}
		return out
	default:
		return nil
	}
}

// texts are the strings of a list; what is no string is an empty one.
func texts(value any) []string {
	list, _ := value.([]any)
	out := make([]string, len(list))
	for i, item := range list {
		out[i], _ = item.(string)
	}
	return out
}
