package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/tektoncd/pipeline/pkg/apis/config"
	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"knative.dev/pkg/apis"
)

// admitted is what Tekton's webhook asks of its types.
type admitted interface {
	metav1.Object
	apis.Defaultable
	apis.Validatable
}

// tektonKinds are the kinds that the webhook of this Tekton version serves and that are current.
var tektonKinds = map[string]func() admitted{
	"tekton.dev/v1 Task":            func() admitted { return &v1.Task{} },
	"tekton.dev/v1 Pipeline":        func() admitted { return &v1.Pipeline{} },
	"tekton.dev/v1 TaskRun":         func() admitted { return &v1.TaskRun{} },
	"tekton.dev/v1 PipelineRun":     func() admitted { return &v1.PipelineRun{} },
	"tekton.dev/v1beta1 StepAction": func() admitted { return &v1beta1.StepAction{} },
	"tekton.dev/v1beta1 CustomRun":  func() admitted { return &v1beta1.CustomRun{} },
}

func isTektonPipelineGroup(d *document) bool { return d.group() == "tekton.dev" }

// flagSets are the feature flags that every Tekton document must pass: the defaults, and alpha.
var flagSets = sync.OnceValue(func() []flagSet {
	var out []flagSet
	for _, fields := range []string{config.BetaAPIFields, config.AlphaAPIFields} {
		flags, err := config.NewFeatureFlagsFromMap(map[string]string{"enable-api-fields": fields})
		if err != nil {
			panic(fmt.Sprintf("Tekton refuses its own flag value %q: %v", fields, err))
		}
		out = append(out, flagSet{name: fields, flags: flags})
	}
	return out
})

// defaultFlags are the flags of a Tekton that nobody configured.
func defaultFlags() flagSet { return flagSets()[0] }

type flagSet struct {
	name  string
	flags *config.FeatureFlags
}

// context is what the webhook puts into its context, from configuration maps without changes but the flags.
func (s flagSet) context() context.Context {
	cfg := config.FromContextOrDefaults(context.Background())
	cfg.FeatureFlags = s.flags
	return config.ToContext(context.Background(), cfg)
}

// checkTekton decodes, completes and validates a document as Tekton's webhook does.
func checkTekton(d *document, objects *objects) {
	create, known := tektonKinds[d.apiVersion+" "+d.kind]
	if !known {
		d.refuse("Tekton does not serve %s %s, or only as a deprecated version", d.apiVersion, d.kind)
		return
	}
	checkStringsStayStrings(d)
	d.verified = true
	for _, set := range flagSets() {
		object := create()
		if !d.decode(object) {
			return
		}
		if object.GetName() == "" && object.GetGenerateName() != "" {
			object.SetName(generated(object.GetGenerateName()))
		}
		if !admit(d, set, object) {
			return // the same again with other flags says nothing new
		}
		if set.name == config.BetaAPIFields && objects != nil {
			objects.keep(d, object)
		}
	}
}

// admit completes and validates an object with these flags. A warning counts: nothing generated should cause one.
func admit(d *document, set flagSet, object admitted) bool {
	ctx := apis.WithinCreate(set.context())
	object.SetDefaults(ctx)
	err := object.Validate(ctx)
	if err == nil {
		return true
	}
	d.refuse("Tekton (%s): %v", set.name, err)
	return false
}

// checkStringsStayStrings refuses parameters and results that YAML reads as numbers, booleans or
// null where Tekton wants strings: it would turn them into text silently, and not always the text meant.
func checkStringsStayStrings(d *document) {
	walk(d.object, "", func(path string, key string, value any) {
		if key != "params" && key != "results" {
			return
		}
		items, ok := value.([]any)
		if !ok {
			return
		}
		for i, item := range items {
			fields, ok := item.(map[string]any)
			if !ok {
				continue
			}
			for _, name := range []string{"default", "value"} {
				content, present := fields[name]
				if !present {
					continue
				}
				place := fmt.Sprintf("%s[%d].%s", path, i, name)
				for _, leaf := range leaves(content, place) {
					d.refuse("%s: not a string, but what YAML 1.1 reads as %T", leaf.path, leaf.value)
				}
			}
		}
	})
}

type leaf struct {
	path  string
	value any
}

// leaves are the scalars below a value that are not strings.
func leaves(value any, path string) []leaf {
	switch value := value.(type) {
	case string:
		return nil
	case []any:
		var out []leaf
		for i, item := range value {
			out = append(out, leaves(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	case map[string]any:
		var out []leaf
		for _, key := range sortedKeys(value) {
			out = append(out, leaves(value[key], path+"."+key)...)
		}
		return out
	default:
		return []leaf{{path, value}}
	}
}

// walk calls visit for every field of every object below the value, in the order of the names.
func walk(value any, path string, visit func(path, key string, value any)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			below := key
			if path != "" {
				below = path + "." + key
			}
			visit(below, key, value[key])
			walk(value[key], below, visit)
		}
	case []any:
		for i, item := range value {
			walk(item, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}
