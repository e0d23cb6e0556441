package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"knative.dev/pkg/apis"
	servingconfig "knative.dev/serving/pkg/apis/config"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	kjson "sigs.k8s.io/json"
)

// checkServing applies what the admission webhooks of model servers refuse and a schema cannot say.
func checkServing(d *document) {
	switch d.apiVersion + " " + d.kind {
	case "serving.knative.dev/v1 Service":
		checkKnativeService(d)
	case "serving.kserve.io/v1beta1 InferenceService":
		checkInferenceService(d)
	}
}

// checkKnativeService completes and validates a Service as Knative's webhook does, with the default configuration.
// Unknown fields are the schema's to find: the linked types may be older than the definition.
func checkKnativeService(d *document) {
	var service servingv1.Service
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.json, &service); err != nil {
		d.refuse("%v", err)
		return
	}
	ctx := apis.WithinCreate(servingconfig.ToContext(context.Background(), servingconfig.FromContextOrDefaults(context.Background())))
	service.SetDefaults(ctx)
	// Its warnings are advice for whoever writes the container; only errors are refusals.
	if err := service.Validate(ctx).Filter(apis.ErrorLevel); err != nil {
		d.refuse("Knative: %v", err)
	}
}

// KServe's webhook cannot be linked beside Tekton's, so its rules are said again here.
var (
	inferenceServiceName = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	uriScheme            = regexp.MustCompile(`^([\w+]+)://`)
	storageSchemes       = []string{"gs", "s3", "pvc", "file", "http", "https", "hdfs", "webhdfs", "oci", "oci+native", "hf"}
	frameworks           = []string{"sklearn", "xgboost", "tensorflow", "pytorch", "triton", "onnx", "huggingface", "pmml", "lightgbm", "paddle", "model"}
	loggerModes          = []string{"all", "request", "response"}
	autoscalerClasses    = []string{"hpa", "external", "keda", "none"}
)

const (
	customContainer      = "kserve-container"
	autoscalerAnnotation = "serving.kserve.io/autoscalerClass"
)

// checkInferenceService refuses what KServe's webhook refuses.
func checkInferenceService(d *document) {
	say := func(format string, args ...any) { d.refuse("KServe: "+format, args...) }
	if d.name != "" && !inferenceServiceName.MatchString(d.name) {
		say("metadata.name: %q must match %s", d.name, inferenceServiceName)
	}
	annotations := at(d.object, "metadata", "annotations")
	if class, ok := annotations[autoscalerAnnotation].(string); ok && !slices.Contains(autoscalerClasses, class) {
		say("%s: %q is none of %s", autoscalerAnnotation, class, strings.Join(autoscalerClasses, ", "))
	}
	spec := at(d.object, "spec")
	for _, component := range []string{"predictor", "transformer", "explainer"} {
		fields, present := spec[component].(map[string]any)
		if !present {
			continue
		}
		for _, problem := range componentProblems(component, fields) {
			say("spec.%s%s", component, problem)
		}
	}
}

// componentProblems judges one component of an InferenceService; each text starts with the rest of its path.
func componentProblems(component string, fields map[string]any) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if component == "predictor" {
		if names := implementations(fields); len(names) != 1 {
			say(": wants exactly one implementation, has %d: %s", len(names), strings.Join(names, ", "))
		}
	}
	least, hasLeast := fields["minReplicas"].(int64)
	most, hasMost := fields["maxReplicas"].(int64)
	if hasLeast && hasMost && most != 0 && least > most {
		say(".minReplicas: %d is more than maxReplicas, %d", least, most)
	}
	if mode, ok := at(fields, "logger")["mode"].(string); ok && !slices.Contains(loggerModes, mode) {
		say(".logger.mode: %q is none of %s", mode, strings.Join(loggerModes, ", "))
	}
	for _, framework := range frameworks {
		model := at(fields, framework)
		if _, present := model["name"]; present {
			say(".%s.name: the name is given by KServe", framework)
		}
		uri, hasURI := model["storageUri"].(string)
		if _, several := model["storageUris"]; several && hasURI {
			say(".%s: storageUri and storageUris exclude each other", framework)
		}
		if match := uriScheme.FindStringSubmatch(uri); match != nil && !slices.Contains(storageSchemes, match[1]) {
			say(".%s.storageUri: %q has none of the schemes %s", framework, uri, strings.Join(storageSchemes, ", "))
		}
	}
	return problems
}

// implementations are the names of what a predictor could run: frameworks, or a container of its own.
func implementations(predictor map[string]any) []string {
	var out []string
	for _, framework := range frameworks {
		if _, present := predictor[framework]; present {
			out = append(out, framework)
		}
	}
	containers, _ := predictor["containers"].([]any)
	own := slices.ContainsFunc(containers, func(c any) bool {
		fields, _ := c.(map[string]any)
		return fields["name"] == customContainer
	})
	if own || len(out) == 0 && len(containers) > 0 {
		out = append(out, "containers")
	}
	return out
}

// at is the object at a path: empty if something else or nothing is there.
func at(object map[string]any, path ...string) map[string]any {
	for _, part := range path {
		object, _ = object[part].(map[string]any)
	}
	return object
}
