package main

import (
	"encoding/json"
	"regexp"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
)

// assumed is the Task that a resolver would have to find for the call to fit: the parameters that it is given, the
// workspaces that it binds, and every result of it that the pipeline reads.
func assumed(task *v1.PipelineTask, spec *v1.PipelineSpec) v1.TaskSpec {
	found := v1.TaskSpec{Steps: []v1.Step{{Name: "main", Image: "assumed", Command: []string{"true"}}}}
	for _, param := range task.Params {
		found.Params = append(found.Params, v1.ParamSpec{Name: param.Name, Type: param.Value.Type})
	}
	for _, workspace := range task.Workspaces {
		found.Workspaces = append(found.Workspaces, v1.WorkspaceDeclaration{Name: workspace.Name, Optional: true})
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return found // what follows refuses a result that is not there
	}
	reads := regexp.MustCompile(`\$\(tasks\.` + regexp.QuoteMeta(task.Name) + `\.results\.([A-Za-z0-9_-]+)`)
	seen := map[string]bool{}
	for _, match := range reads.FindAllStringSubmatch(string(text), -1) {
		if !seen[match[1]] {
			found.Results = append(found.Results, v1.TaskResult{Name: match[1], Type: v1.ResultsTypeString})
		}
		seen[match[1]] = true
	}
	return found
}
