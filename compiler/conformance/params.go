package main

import (
	"regexp"
	"slices"
	"strings"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
)

// fillParams gives parameters without default a plausible value, for a run template leaves them to
// whoever starts it. The template's comments must name them; without comments (nil) any is filled.
func (r *dryRun) fillParams(comments []string) {
	given := map[string]bool{}
	for _, param := range r.run.Spec.Params {
		given[param.Name] = true
	}
	var filled []string
	for _, declared := range r.spec.Params {
		if declared.Default != nil || given[declared.Name] {
			continue
		}
		if comments != nil && !named(comments, declared.Name) {
			continue // the controller's own check refuses it
		}
		r.run.Spec.Params = append(r.run.Spec.Params, v1.Param{Name: declared.Name, Value: plausible(declared)})
		filled = append(filled, declared.Name)
	}
	if len(filled) > 0 && !r.synthetic {
		r.document.note("filled in, as the comment says: %s", strings.Join(filled, ", "))
	}
}

// fillFolders binds workspaces that are not optional, as the template's comments tell whoever starts it.
func (r *dryRun) fillFolders(comments []string) {
	for _, declared := range r.spec.Workspaces {
		bound := slices.ContainsFunc(r.run.Spec.Workspaces, func(b v1.WorkspaceBinding) bool { return b.Name == declared.Name })
		if declared.Optional || bound || !named(comments, declared.Name) {
			continue
		}
		source := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "filled-in"}}
		r.run.Spec.Workspaces = append(r.run.Spec.Workspaces, v1.WorkspaceBinding{Name: declared.Name, ConfigMap: source})
		r.document.note("mounted, as the comment says: %s", declared.Name)
	}
}

func plausible(declared v1.ParamSpec) v1.ParamValue {
	switch declared.Type {
	case v1.ParamTypeArray:
		return v1.ParamValue{Type: v1.ParamTypeArray, ArrayVal: []string{"1"}}
	case v1.ParamTypeObject:
		fields := map[string]string{}
		for name := range declared.Properties {
			fields[name] = "1"
		}
		return v1.ParamValue{Type: v1.ParamTypeObject, ObjectVal: fields}
	default:
		if len(declared.Enum) > 0 {
			return v1.ParamValue{Type: v1.ParamTypeString, StringVal: declared.Enum[0]}
		}
		return v1.ParamValue{Type: v1.ParamTypeString, StringVal: "1"}
	}
}

// commentsOf are the comment lines of a document: never nil.
func commentsOf(d *document) []string {
	out := []string{}
	for line := range strings.Lines(string(d.text)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
			out = append(out, text)
		}
	}
	return out
}

// named says whether a line holds the name as a word of its own.
func named(lines []string, name string) bool {
	word := regexp.MustCompile(`(^|[^-A-Za-z0-9_.])` + regexp.QuoteMeta(name) + `($|[^-A-Za-z0-9_.]|\.\s|\.$)`)
	return slices.ContainsFunc(lines, word.MatchString)
}
